"""What was decided: the expert team's check, committees, meetings, votes, decisions and their conditions."""
