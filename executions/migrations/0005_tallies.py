from datetime import timedelta

from django.db import migrations, models
from django.utils import timezone

COLUMNS = (
    "owner_id, agent, model, outcome, error_code, created_at, started_at, finished_at, cancel_requested_at, "
    "input_tokens, output_tokens, cost_usd"
)
# The longest range that the dashboard shows, and a little more.
DAYS = 92


def note_history(apps, schema_editor):
    """Note what has finished before there were tallies, for a worker to count: seconds for a million."""
    since = schema_editor.connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(days=DAYS))
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO executions_ending ({COLUMNS}) SELECT {COLUMNS} FROM executions_execution "
            "WHERE state = 'finished' AND finished_at >= %s ORDER BY id",
            [since],
        )


class Migration(migrations.Migration):

    dependencies = [
        ('executions', "0004_audit_log"),
    ]

    operations = [
        migrations.CreateModel(
            name='Ending',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner_id', models.BigIntegerField()),
                ('agent', models.CharField(max_length=64)),
                ('model', models.CharField(blank=True, max_length=200)),
                ('outcome', models.CharField(max_length=16)),
                ('error_code', models.CharField(blank=True, max_length=64)),
                ('created_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField()),
                ('cancel_requested_at', models.DateTimeField(null=True)),
                ('input_tokens', models.PositiveBigIntegerField(default=0)),
                ('output_tokens', models.PositiveBigIntegerField(default=0)),
                ('cost_usd', models.DecimalField(decimal_places=6, max_digits=12, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('span', models.PositiveIntegerField(help_text='seconds')),
                ('measure', models.CharField(max_length=16)),
                ('begins_at', models.DateTimeField()),
                ('key', models.CharField(blank=True, max_length=200)),
                ('second', models.CharField(blank=True, max_length=200)),
                ('bucket', models.SmallIntegerField(default=0)),
                ('count', models.BigIntegerField(default=0)),
                ('input_tokens', models.BigIntegerField(default=0)),
                ('output_tokens', models.BigIntegerField(default=0)),
                ('cost_micros', models.BigIntegerField(default=0, help_text='millionths of a dollar')),
            ],
            options={
                'verbose_name_plural': 'tallies',
                'constraints': [models.UniqueConstraint(fields=('span', 'measure', 'begins_at', 'key', 'second', 'bucket'), name='tally_once')],
            },
        ),
        migrations.RunPython(note_history, migrations.RunPython.noop, elidable=True),
    ]
