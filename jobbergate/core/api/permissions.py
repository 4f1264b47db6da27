"""Who may change what one can see. What one can see is decided by `visible_to(user)` of each queryset."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request


class OwnerOrStaff(BasePermission):
    message = "Only its owner and staff may change this."

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        if request.method in SAFE_METHODS or request.user.is_staff:
            return True
        return bool(obj.owner_id == request.user.pk)
