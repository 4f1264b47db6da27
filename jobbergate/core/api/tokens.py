"""Signing in: a short access token for every request, a long refresh token that can be revoked."""

from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, inline_serializer
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.serializers import TokenRefreshSerializer
from rest_framework_simplejwt.tokens import AccessToken
from rest_framework_simplejwt.views import TokenBlacklistView, TokenObtainPairView, TokenRefreshView

from jobbergate.core.api.authentication import TokenAuthentication

PAIR = inline_serializer("TokenPair", {"access": serializers.CharField(), "refresh": serializers.CharField()})
ACCESS = inline_serializer("AccessToken", {"access": serializers.CharField()})
SIGN_IN = OpenApiExample("Sign in", {"username": "alice", "password": "correct horse"}, request_only=True)
TOKENS = OpenApiExample("Tokens", {"access": "eyJhbGciOi…", "refresh": "eyJhbGciOi…"}, response_only=True)
REFRESH = OpenApiExample("Refresh token", {"refresh": "eyJhbGciOi…"}, request_only=True)
NEW_ACCESS = OpenApiExample("Access token", {"access": "eyJhbGciOi…"}, response_only=True)


class RefreshSerializer(TokenRefreshSerializer):
    """The token of a person who has been deleted, or has a new password, is no more valid than any other wrong one."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        try:
            given = super().validate(attrs)
        except User.DoesNotExist:
            raise InvalidToken("The account of this token is gone.") from None
        # What no request would be answered for is not given out.
        TokenAuthentication().get_user(AccessToken(given["access"]))  # type: ignore[arg-type]  # text, too
        return given


@extend_schema(tags=["sign-in"], summary="Sign in", responses=PAIR, examples=[SIGN_IN, TOKENS])
class SignIn(TokenObtainPairView):
    """Username and password for an access token (minutes) and a refresh token (days)."""


@extend_schema(tags=["sign-in"], summary="Get a new access token", responses=ACCESS, examples=[REFRESH, NEW_ACCESS])
class Refresh(TokenRefreshView):
    """A refresh token for a new access token."""

    serializer_class = RefreshSerializer


@extend_schema(tags=["sign-in"], summary="Revoke a refresh token", responses={204: None}, examples=[REFRESH])
class Revoke(TokenBlacklistView):
    """Ends a refresh token; access tokens that it gave end by themselves within minutes."""

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        super().post(request, *args, **kwargs)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_serializer(
    examples=[OpenApiExample("Alice", {"id": 7, "username": "alice", "email": "alice@example.org", "is_staff": False})]
)
class WhoAmISerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    username = serializers.CharField()
    email = serializers.CharField()
    is_staff = serializers.BooleanField()


@extend_schema(tags=["sign-in"], summary="Who am I?", responses=WhoAmISerializer)
class WhoAmI(APIView):
    """The person, or the agent, whose token came with the request."""

    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        return Response(WhoAmISerializer(request.user).data)
