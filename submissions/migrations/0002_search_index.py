from django.db import migrations

from jobbergate.core.trigram import AddSearchIndex


class Migration(migrations.Migration):
    dependencies = [("submissions", "0001_initial"), ("applications", "0002_search_index")]

    operations = [
        AddSearchIndex("submissions_jobsubmission"),
    ]
