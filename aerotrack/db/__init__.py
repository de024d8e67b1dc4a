"""PostgreSQL: embedded server, migrations, writer, reader. Nothing else imports psycopg."""
