"""Who is told what: events, webhooks, mail, followers, and what the feeds show."""
