"""What is governed: projects (案件), their people and their evidence files."""
