"""The firewall's statements that pick out the calls of a method class, as shared.limits.method_class does."""

from __future__ import annotations

from aws_cdk import aws_wafv2 as waf

from shared.limits import MESSAGES_PATH, NUMBERS_CHECK_PATH, OPERATIONS_PATH, READS, MethodClass

Acl = waf.CfnWebACL

_UNDER = r"(/[^/]+){0,3}"  # the stage or a custom domain's base path, which the firewall sees
_METHOD = Acl.FieldToMatchProperty(method={})
_PATH = Acl.FieldToMatchProperty(uri_path={})
_AS_IT_IS = [Acl.TextTransformationProperty(priority=0, type="NONE")]
_DECODED = [Acl.TextTransformationProperty(priority=0, type="URL_DECODE")]


def class_of_calls(kind: MethodClass) -> Acl.StatementProperty:
    """Matches the calls of a class, and no others."""
    match kind:
        case MethodClass.MESSAGES:
            return _messages()
        case MethodClass.INSTANCE_OPERATIONS:
            return _operations()
        case MethodClass.QUERIES:
            return _not(_any(_messages(), _operations()))


def _messages() -> Acl.StatementProperty:
    return _all(_method("POST"), _path(MESSAGES_PATH))


def _operations() -> Acl.StatementProperty:
    changes = _not(_any(*(_method(name) for name in READS)))
    other = _not(_any(_path(NUMBERS_CHECK_PATH), _messages()))
    return _all(changes, _path(OPERATIONS_PATH), other)


def _method(name: str) -> Acl.StatementProperty:
    return Acl.StatementProperty(
        byte_match_statement=Acl.ByteMatchStatementProperty(
            field_to_match=_METHOD,
            positional_constraint="EXACTLY",
            search_string=name,
            text_transformations=_AS_IT_IS,
        )
    )


def _path(pattern: str) -> Acl.StatementProperty:
    return Acl.StatementProperty(
        regex_match_statement=Acl.RegexMatchStatementProperty(
            field_to_match=_PATH, regex_string=f"^{_UNDER}{pattern}$", text_transformations=_DECODED
        )
    )


def _all(*statements: Acl.StatementProperty) -> Acl.StatementProperty:
    return Acl.StatementProperty(and_statement=Acl.AndStatementProperty(statements=list(statements)))


def _any(*statements: Acl.StatementProperty) -> Acl.StatementProperty:
    return Acl.StatementProperty(or_statement=Acl.OrStatementProperty(statements=list(statements)))


def _not(statement: Acl.StatementProperty) -> Acl.StatementProperty:
    return Acl.StatementProperty(not_statement=Acl.NotStatementProperty(statement=statement))
