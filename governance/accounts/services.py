"""The acts on accounts: creating people, giving and ending roles, own settings.

Every act is an event. The ledger sees ids and role codes; names and addresses go in as private values that can be erased.
Signing in and out lives in sessions.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from governance.accounts.models import RoleGrant, User, UserSession
from governance.accounts.passwords import hash_password, matches, require_strong
from governance.accounts.rules import ROLES, authorize
from governance.refusals import Conflict, Forbidden, NotFound, Refusal
from governance.texts import LOCALES
from governance.work import UnitOfWork


def people(work: UnitOfWork) -> Sequence[User]:
    """Return all accounts by name. Raises Forbidden."""
    authorize(work.actor, "account:manage")
    return work.session.scalars(select(User).options(selectinload(User.grants)).order_by(User.is_active.desc(), User.name)).all()


def person(work: UnitOfWork, user_id: str) -> User:
    """Return one account for its administrator. Raises Forbidden, NotFound."""
    authorize(work.actor, "account:manage")
    return _user(work, user_id)


def me(work: UnitOfWork) -> User:
    """Return the actor's own account. Raises NotFound for an actor that is no person."""
    return _user(work, work.actor.id)


# long: one line per stored fact
def create_user(  # noqa: PLR0913 - one argument per stored fact
    work: UnitOfWork,
    *,
    email: str,
    name: str,
    name_en: str = "",
    department: str = "",
    department_en: str = "",
    locale: str = "ja",
    password: str | None = None,
    roles: Iterable[str] = (),
) -> User:
    """Create an account with its roles. Raises Refusal for a taken address or a weak password. Event AccountCreated."""
    authorize_system_or(work, "account:manage")
    email = normal_email(email)
    _require_free(work, email)
    if password is not None:
        require_strong(password, email=email)
    user = User(
        email=email,
        name=name.strip(),
        name_en=name_en.strip(),
        department=department.strip(),
        department_en=department_en.strip(),
        locale=locale if locale in LOCALES else "ja",
        password_hash=hash_password(password) if password else "",
        created_at=work.now,
    )
    work.session.add(user)
    work.session.flush()
    work.record("AccountCreated", subject=("account", user.id), private={"name": user.name, "email": user.email})
    for role in roles:
        _grant(work, user, role)
    return user


def grant_role(work: UnitOfWork, user: User, role: str) -> RoleGrant:
    """Give a role from now on. Raises Forbidden, Refusal for an unknown or held role. Event RoleGranted."""
    authorize_system_or(work, "account:manage")
    return _grant(work, user, role)


def _grant(work: UnitOfWork, user: User, role: str) -> RoleGrant:
    if role not in ROLES:
        raise Refusal("accounts.unknown_role", "その役割はありません。", "There is no such role.", place="role")
    if role in user.roles:
        raise Refusal(
            "accounts.role_held",
            "{name}さんは、すでにこの役割をもっています。",
            "{name} already holds this role.",
            place="role",
            name=user.name,
        )
    by = work.actor.id if work.actor.kind == "user" else None
    grant = RoleGrant(user_id=user.id, role=role, granted_at=work.now, granted_by=by)
    user.grants.append(grant)
    work.session.flush()
    work.record("RoleGranted", subject=("role_grant", grant.id), codes={"role": role, "account": user.id}, row=grant)
    return grant


def end_role(work: UnitOfWork, user: User, role: str) -> None:
    """End a role now; the past stays on record. Raises Refusal when it is not held or is the last administrator's."""
    authorize(work.actor, "account:manage")
    grant = next((one for one in user.grants if one.role == role and one.ended_at is None), None)
    if grant is None:
        raise Refusal(
            "accounts.role_not_held", "この役割は、いまは付いていません。", "This role is not held now.", place="role"
        )
    if role == "administrator":
        _require_other_administrator(work, user)
    grant.ended_at = work.now
    work.session.flush()
    work.record("RoleEnded", subject=("role_grant", grant.id), codes={"role": role, "account": user.id}, row=grant)


def close_account(work: UnitOfWork, user: User) -> None:
    """Close an account: no sign-in from now on, open sessions end; the person's acts stay on record. Event AccountClosed."""
    authorize(work.actor, "account:manage")
    if user.id == work.actor.id:
        raise Refusal("accounts.own_account", "自分の利用は止められません。", "You cannot close your own account.")
    if "administrator" in user.roles:
        _require_other_administrator(work, user)
    user.is_active = False
    end_sessions(work, user.id)
    work.session.flush()
    work.record("AccountClosed", subject=("account", user.id))


def reopen_account(work: UnitOfWork, user: User) -> None:
    """Let a closed account sign in again. Event AccountReopened."""
    authorize(work.actor, "account:manage")
    user.is_active = True
    work.session.flush()
    work.record("AccountReopened", subject=("account", user.id))


def change_settings(
    work: UnitOfWork, user: User, *, rev: int, name: str, name_en: str, department: str, department_en: str, locale: str
) -> None:
    """Change the actor's own name, department and language. Raises Forbidden, Conflict. Event AccountChanged."""
    _require_self(work, user)
    sent = {"name": name, "name_en": name_en, "department": department, "department_en": department_en}
    if rev != user.rev:
        raise _changed_meanwhile(user, sent)
    for column, value in sent.items():
        setattr(user, column, value.strip())
    user.locale = locale
    before = user.rev
    work.session.flush()
    work.record(
        "AccountChanged",
        subject=("account", user.id),
        rev=(before, user.rev),
        codes={"locale": locale},
        private={"name": user.name},
    )


def _changed_meanwhile(user: User, sent: dict[str, str]) -> Conflict:
    return Conflict(
        "accounts.changed_meanwhile",
        "あなたの設定は、ほかの画面で変更されています。",
        "Your settings were changed on another page.",
        mine=sent,
        theirs={column: str(getattr(user, column)) for column in sent},
        rev=user.rev,
    )


def change_password(work: UnitOfWork, user: User, *, current: str, new: str) -> None:
    """Change the actor's own password and end all other sign-ins. Raises Refusal. Event PasswordChanged."""
    _require_self(work, user)
    if not matches(user.password_hash, current):
        raise Refusal(
            "accounts.wrong_current", "いまのパスワードが違います。", "The current password is wrong.", place="current"
        )
    require_strong(new, email=user.email, place="new")
    _set(work, user, new)
    end_sessions(work, user.id, keep_digest=work.actor.session)


def set_password(work: UnitOfWork, user: User, new: str) -> None:
    """Set a first or forgotten password for somebody and end their sign-ins. Raises Forbidden, Refusal."""
    authorize_system_or(work, "account:manage")
    require_strong(new, email=user.email)
    _set(work, user, new)
    end_sessions(work, user.id)


def _set(work: UnitOfWork, user: User, new: str) -> None:
    user.password_hash = hash_password(new)
    work.session.flush()
    work.record("PasswordChanged", subject=("account", user.id), codes={"own": user.id == work.actor.id})


def end_sessions(work: UnitOfWork, user_id: str, *, keep_digest: str = "") -> None:
    """End all sign-ins of a person, but the one whose token has this digest."""
    open_ones = select(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
    for session in work.session.scalars(open_ones):
        if session.token_digest != keep_digest:
            session.ended_at = work.now


def normal_email(email: str) -> str:
    """Return the address as it is stored and compared."""
    return email.strip().lower()


def authorize_system_or(work: UnitOfWork, permission: str) -> None:
    """Let the system itself (seeding, command line) pass; otherwise the permission is needed."""
    if work.actor.kind != "system" or work.actor.id != "system":
        authorize(work.actor, permission)


def _require_free(work: UnitOfWork, email: str) -> None:
    if work.session.scalar(select(func.count()).where(User.email == email)):
        raise Refusal(
            "accounts.email_taken",
            "このメールアドレスの利用者は、すでに登録されています。",
            "There is already an account with this e-mail address.",
            place="email",
        )


def _user(work: UnitOfWork, user_id: str) -> User:
    user = work.session.get(User, user_id)
    if user is None:
        raise NotFound
    return user


def _require_self(work: UnitOfWork, user: User) -> None:
    if user.id != work.actor.id:
        raise Forbidden("accounts.not_yours", "本人だけが変更できます。", "Only the person can change this.")


def _require_other_administrator(work: UnitOfWork, user: User) -> None:
    """Refuse to leave the service without an active administrator."""
    others = select(func.count()).select_from(RoleGrant).join(User, RoleGrant.user_id == User.id)
    others = others.where(
        RoleGrant.role == "administrator", RoleGrant.ended_at.is_(None), User.is_active, User.id != user.id
    )
    if not work.session.scalar(others):
        raise Refusal(
            "accounts.last_administrator",
            "最後の管理者です。先に、ほかの人を管理者にしてください。",
            "This is the last administrator. Make somebody else an administrator first.",
            place="role",
        )
