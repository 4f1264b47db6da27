"""People by the names that operators write."""

from django.contrib.auth.models import User

from jobbergate.core.errors import NotThere


def person(username: str) -> User:
    found = User.objects.filter(username=username).first()
    if found is None:
        raise NotThere(f"There is no user {username!r}; the admin adds one, or manage.py createsuperuser.")
    return found
