"""PostgreSQL: embedded server, migrations, writer, reader; the only package that imports psycopg."""
