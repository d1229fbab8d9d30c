"""Options as dataclasses: one class a section of the help page, handed to the command whole."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Annotated, Any, get_args, get_origin

from typer.core import TyperCommand
from typer.models import ParameterInfo


def takes(*groups: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a command take dataclasses of options, one parameter a class, in their order.

    The fields' types are `Annotated[..., typer.Option(...)]`; a class attribute `section` is the
    heading above its options in the help page.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        def call(**values: Any) -> Any:
            return command(*(_build(group, values) for group in groups))

        parameters = [_parameter(field, group) for group in groups for field in fields(group)]
        call.__doc__ = command.__doc__
        call.__name__ = command.__name__
        call.__dict__["__signature__"] = inspect.Signature(parameters)
        return call

    return decorate


def _build(group: type, values: dict[str, Any]) -> Any:
    return group(**{field.name: values[field.name] for field in fields(group)})


def _parameter(field: Field[Any], group: type) -> inspect.Parameter:
    """Return the field as a keyword parameter with its section noted."""
    annotation: Any = field.type
    if get_origin(annotation) is Annotated:
        for info in get_args(annotation):
            if isinstance(info, ParameterInfo):
                info.rich_help_panel = getattr(group, "section", None)
    default = inspect.Parameter.empty if field.default is MISSING else field.default
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(field.name, kind, default=default, annotation=annotation)


class SectionedCommand(TyperCommand):
    """A command whose help page lists options under their sections, without loading rich."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options into `formatter`, section by section in order of appearance."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                section = getattr(parameter, "rich_help_panel", None) or "Other"
                sections.setdefault(section, []).append(record)
        for section, records in sections.items():
            with formatter.section(section):
                formatter.write_dl(records)
