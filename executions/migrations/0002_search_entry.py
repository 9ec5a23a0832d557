import django.db.models.deletion
from django.db import migrations, models

# Words are looked for by their beginnings, never by where in a text they stand. FTS5 reads the text from the table
# itself, is told of each change by a trigger, and keeps words as they are: they were made ready by the engine.
SQLITE = (
    """
    CREATE VIRTUAL TABLE executions_words USING fts5(
        words, content='executions_searchentry', content_rowid='execution_id', detail=none, columnsize=0,
        tokenize="unicode61 remove_diacritics 0 categories 'L* M* N*'"
    )
    """,
    """
    CREATE TRIGGER executions_words_added AFTER INSERT ON executions_searchentry BEGIN
        INSERT INTO executions_words(rowid, words) VALUES (new.execution_id, new.words);
    END
    """,
    """
    CREATE TRIGGER executions_words_removed AFTER DELETE ON executions_searchentry BEGIN
        INSERT INTO executions_words(executions_words, rowid, words) VALUES ('delete', old.execution_id, old.words);
    END
    """,
)
# PostgreSQL keeps the words in this form alone: made anew from a text for each row that a search passes, they cost 20 µs.
POSTGRESQL = (
    "ALTER TABLE executions_searchentry ADD COLUMN lexemes tsvector NOT NULL DEFAULT ''",
    "CREATE INDEX executions_words ON executions_searchentry USING gin (lexemes)",
)


def make_index(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def remove_index(apps, schema_editor):
    # The rest goes with the table.
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE executions_words")


class Migration(migrations.Migration):
    dependencies = [("executions", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "execution",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_entry",
                        serialize=False,
                        to="executions.execution",
                    ),
                ),
                ("words", models.TextField(blank=True, help_text="separated by spaces; PostgreSQL has them as lexemes")),
            ],
            options={"verbose_name_plural": "search entries"},
        ),
        migrations.RunPython(make_index, remove_index, elidable=False),
    ]
