"""Who may change what one can see. What one can see is decided by `visible_to(user)` of each queryset."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request

from jobbergate.core.people import is_agent


class NotForAgents(BasePermission):
    """An agent's account is for the submissions of its cluster; everything else is for people."""

    message = "This is for people, and not for the account of a cluster's agent."

    def has_permission(self, request: Request, view: Any) -> bool:
        for_agents = getattr(view, "agent_actions", ())
        return getattr(view, "action", None) in for_agents or not is_agent(request.user)  # type: ignore[arg-type]


class MayChange(NotForAgents):
    """Looking is for whoever sees a row, changing for its editors, and a view's `owner_actions` are its owner's."""

    message = "Only its owner, its editors and staff may change this."

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        if view.action in view.owner_actions:
            self.message = "Only its owner and staff may do this."
            return bool(obj.belongs_to(request.user))
        if request.method in SAFE_METHODS and view.action not in view.editor_actions:
            return True
        return bool(obj.may_be_changed_by(request.user))


# Whoever has signed in and is a person, for views that have no rows of their own.
PEOPLE = [IsAuthenticated, NotForAgents]
