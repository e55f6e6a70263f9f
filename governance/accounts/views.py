"""Pages of accounts: signing in and out, own settings, and the administrator's list of people and roles."""

from __future__ import annotations

import json
from datetime import timedelta

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_limiter.util import get_remote_address

from governance.accounts import services, sessions
from governance.accounts.forms import (
    EmptyForm,
    NewPersonForm,
    PasswordForm,
    RoleForm,
    SetPasswordForm,
    SettingsForm,
    SignInForm,
)
from governance.accounts.models import User
from governance.accounts.rules import ROLES
from governance.pages import (
    Form,
    accepted,
    begin_session,
    current_actor,
    current_person,
    current_work,
    limiter,
    locale,
    options,
    own_path,
    page,
    permission,
    public,
    redirect_to,
    refusals_beside,
    see,
    signed_in,
    tell,
    write,
)
from governance.settings import Settings
from governance.texts import Text

blueprint = Blueprint("accounts", __name__)


# --- signing in and out ----------------------------------------------------------------------------------------------


@blueprint.get("/sign-in")
@public()
def sign_in() -> ResponseReturnValue:
    """Show the sign-in page; somebody who is signed in goes on to where they wanted."""
    form = SignInForm()
    wanted = own_path(_asked("next"))
    return see(wanted) if current_person() else page("accounts/sign_in.html", form=form, next=wanted)


def _attempt() -> str:
    """Count attempts per address and account: behind a proxy all people may share one address."""
    return f"{get_remote_address()} {services.normal_email(_sent('email'))}"


@blueprint.post("/sign-in")
@limiter.limit("10 per minute", key_func=_attempt)
@limiter.limit("100 per minute")
@public(unit="own")
def sign_in_sent() -> ResponseReturnValue:
    """Recognise the person, open a new session and go on; a wrong pair gets one sentence that says nothing about which."""
    form = SignInForm()
    if not accepted(form):
        return _sign_in_again(form)
    actor = sessions.recognise(current_work(), form.email.data or "", form.password.data or "")
    if actor is None:
        form.form_errors.append(
            gettext("メールアドレスまたはパスワードが違います。確かめて、もう一度入力してください。")
        )
        return _sign_in_again(form)
    settings: Settings = current_app.config["SETTINGS"]
    longest, password = timedelta(hours=settings.session_hours), form.password.data
    token = write(lambda work: sessions.sign_in(work, longest=longest, password=password), actor)
    begin_session(token)
    wanted = own_path(form.next.data)
    return _offer_again(form.kept.data, wanted) if form.kept.data else see(wanted)


@blueprint.post("/sign-in/again")
@public(unit="own")
def sign_in_again() -> ResponseReturnValue:
    """Show the sign-in page after a session ended while a form was being sent; what was entered is carried along."""
    form = SignInForm(formdata=None)
    return page("accounts/sign_in.html", form=form, next=own_path(_sent("next")), kept=_sent("kept"))


@blueprint.post("/sign-out")
@public(unit="own")
def sign_out() -> ResponseReturnValue:
    """End this session."""
    person = current_person()
    if person is not None:
        write(lambda work: sessions.sign_out(work, person.session))
    begin_session(None)
    tell(Text("サインアウトしました。", "You are signed out."))
    return redirect_to("accounts.sign_in")


def _sign_in_again(form: SignInForm) -> ResponseReturnValue:
    return page("accounts/sign_in.html", code=422, form=form, next=own_path(form.next.data), kept=form.kept.data)


def _offer_again(kept: str | None, action: str) -> ResponseReturnValue:
    """Show what was entered before the session ended; it is sent only when the person says so."""
    try:
        fields = [(str(name), str(value)) for name, value in json.loads(kept or "[]")]
        "".join(name + value for name, value in fields).encode()  # half a letter cannot be shown
    except (TypeError, ValueError, RecursionError):
        return see(action)
    return page("errors/again.html", kept=fields, action=action, has_files=False)


def _asked(name: str) -> str:
    return request.args.get(name, "")


def _sent(name: str) -> str:
    return request.form.get(name, "")


# --- own settings ----------------------------------------------------------------------------------------------------


@blueprint.route("/settings", methods=["GET", "POST"])
@signed_in()
def settings() -> ResponseReturnValue:
    """Show and change the person's own name, department and language."""
    work = current_work()
    user = services.me(work)
    form = SettingsForm(obj=user)
    if accepted(form):
        with refusals_beside(form):
            services.change_settings(
                work,
                user,
                rev=form.rev.data or 0,
                name=form.name.data or "",
                name_en=form.name_en.data or "",
                department=form.department.data or "",
                department_en=form.department_en.data or "",
                locale=form.locale.data,
            )
            tell(Text("保存しました。", "Saved.") if form.locale.data == locale() else _OTHER_LANGUAGE)
            return redirect_to("accounts.settings", lang=form.locale.data)
    return _settings_page(user, form, PasswordForm(formdata=None))


# said in the language the person has just chosen, which is not the one of this request
_OTHER_LANGUAGE = Text("Saved. Pages are now in English.", "保存しました。これからは日本語で表示します。")


@blueprint.post("/settings/password")
@limiter.limit("10 per minute", key_func=lambda: current_actor().id)
@signed_in()
def password() -> ResponseReturnValue:
    """Change the person's own password."""
    work = current_work()
    user = services.me(work)
    form = PasswordForm()
    if accepted(form):
        with refusals_beside(form):
            services.change_password(work, user, current=form.current.data or "", new=form.new.data or "")
            tell(Text("パスワードを変えました。", "The password was changed."))
            return redirect_to("accounts.settings")
    return _settings_page(user, SettingsForm(formdata=None, obj=user), form)


def _settings_page(user: User, form: SettingsForm, password_form: PasswordForm) -> ResponseReturnValue:
    code = 422 if form.errors or password_form.errors else 200
    return page(
        "accounts/settings.html", code=code, user=user, form=form, password_form=password_form, role_names=ROLES
    )


# --- people ----------------------------------------------------------------------------------------------------------


@blueprint.get("/people")
@permission("account:manage")
def people() -> ResponseReturnValue:
    """List all accounts with the roles held now."""
    return page("accounts/people.html", people=services.people(current_work()), role_names=ROLES)


@blueprint.route("/people/new", methods=["GET", "POST"])
@permission("account:manage")
def new_person() -> ResponseReturnValue:
    """Create an account with its first roles."""
    form = NewPersonForm()
    form.roles.choices = options(ROLES.items())
    if accepted(form):
        with refusals_beside(form):
            user = services.create_user(
                current_work(),
                email=form.email.data or "",
                name=form.name.data or "",
                name_en=form.name_en.data or "",
                department=form.department.data or "",
                department_en=form.department_en.data or "",
                locale=form.locale.data,
                password=form.password.data,
                roles=form.roles.data or [],
            )
            tell(Text("利用者を加えました。", "The person was added."))
            return redirect_to("accounts.person", user_id=user.id)
    return page("accounts/new.html", form=form)


@blueprint.get("/people/<user_id>")
@permission("account:manage")
def person(user_id: str) -> ResponseReturnValue:
    """Show one account: its roles over time, its state."""
    return _person_page(services.person(current_work(), user_id))


@blueprint.post("/people/<user_id>/roles")
@permission("account:manage")
def give_role(user_id: str) -> ResponseReturnValue:
    """Give a role from now on."""
    work = current_work()
    user = services.person(work, user_id)
    form = RoleForm()
    form.role.choices = options(ROLES.items())
    if accepted(form):
        with refusals_beside(form):
            services.grant_role(work, user, form.role.data)
            tell(Text("役割を付けました。", "The role was given."))
            return _back_to(user)
    return _person_page(user, role_form=form)


@blueprint.post("/people/<user_id>/roles/end")
@permission("account:manage")
def end_role(user_id: str) -> ResponseReturnValue:
    """End a role now."""
    work = current_work()
    user = services.person(work, user_id)
    form = RoleForm()
    form.role.choices = options(ROLES.items())
    if accepted(form):
        with refusals_beside(form):
            services.end_role(work, user, form.role.data)
            tell(Text("役割を終えました。", "The role has ended."))
            return _back_to(user)
    return _person_page(user, role_form=form)


@blueprint.post("/people/<user_id>/password")
@permission("account:manage")
def set_password(user_id: str) -> ResponseReturnValue:
    """Set a new password for somebody."""
    work = current_work()
    user = services.person(work, user_id)
    form = SetPasswordForm()
    if accepted(form):
        with refusals_beside(form):
            services.set_password(work, user, form.password.data or "")
            tell(Text("新しいパスワードを設定しました。", "The new password is set."))
            return _back_to(user)
    return _person_page(user, password_form=form)


@blueprint.post("/people/<user_id>/close")
@permission("account:manage")
def close(user_id: str) -> ResponseReturnValue:
    """Close an account."""
    work = current_work()
    user = services.person(work, user_id)
    form = EmptyForm()
    if accepted(form):
        with refusals_beside(form):
            services.close_account(work, user)
            tell(Text("利用を止めました。", "The account is closed."))
            return _back_to(user)
    return _person_page(user, close_form=form)


@blueprint.post("/people/<user_id>/reopen")
@permission("account:manage")
def reopen(user_id: str) -> ResponseReturnValue:
    """Let a closed account sign in again."""
    work = current_work()
    user = services.person(work, user_id)
    services.reopen_account(work, user)
    tell(Text("利用を再開しました。", "The account is open again."))
    return _back_to(user)


def _back_to(user: User) -> Response:
    return redirect_to("accounts.person", user_id=user.id)


def _person_page(
    user: User,
    *,
    role_form: Form | None = None,
    password_form: Form | None = None,
    close_form: Form | None = None,
) -> ResponseReturnValue:
    forms = [role_form, password_form, close_form]
    if role_form is None:
        role_form = RoleForm(formdata=None)
    role_form.role.choices = options((code, text) for code, text in ROLES.items() if code not in user.roles)
    return page(
        "accounts/person.html",
        code=422 if any(form is not None and form.errors for form in forms) else 200,
        user=user,
        role_form=role_form,
        password_form=password_form or SetPasswordForm(formdata=None),
        close_form=close_form,
        role_names=ROLES,
    )
