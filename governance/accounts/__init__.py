"""People: who they are, how they sign in, which roles they hold and what each role may do."""
