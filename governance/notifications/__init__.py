"""Telling people what concerns them: notices in the application and by e-mail, in their language and at their pace."""
