from django.db import migrations

from jobbergate.core.trigram import AddSearchIndex, TrigramExtension


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial")]

    operations = [
        # Any owner of a database may create it: it is a trusted extension of PostgreSQL 13 and later.
        TrigramExtension(),
        AddSearchIndex("applications_application"),
    ]
