from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django import forms
from django.template import Context, Template
from django.utils import translation

NOW = datetime(2026, 11, 22, 6, 32, 5, tzinfo=UTC)


def rendered(source: str, **context: object) -> str:
    return Template("{% load kit %}" + source).render(Context(context))


def test_text_from_outside_is_escaped_everywhere() -> None:
    evil = "<script>alert(1)</script>"
    for source in ("{% status evil %}", "{% platform evil %}", "{% copy_button evil %}", "{% callout evil %}"):
        html = rendered(source, evil=evil)
        assert "<script>" not in html
        assert "&lt;script&gt;" in html


def test_short_amounts_show_the_exact_one_on_hover() -> None:
    with translation.override("zh-hans"):
        assert rendered("{% compact_money 123456700 %}") == '<span title="¥1,234,567.00">¥123万</span>'
    with translation.override("en"):
        assert rendered("{% compact_count 12345 %}") == '<span title="12,345">12.3K</span>'


def test_a_rise_is_told_in_words_beside_the_arrow() -> None:
    html = rendered("{% change 110 100 %}")
    assert 'data-direction="up"' in html
    assert '<span class="visually-hidden">up </span>10.0%' in html
    assert "trending-up" in html


def test_an_undefined_change_has_no_arrow() -> None:
    html = rendered("{% change 110 0 %}")
    assert "—" in html
    assert "<svg" not in html


def test_times_are_exact_on_hover_and_carry_their_zone() -> None:
    with time_machine.travel(NOW, tick=False):
        html = rendered("{% relative_time at %}", at=NOW - timedelta(minutes=3))
    assert 'title="2026-11-22 14:29:05 UTC+8"' in html
    assert ">3\xa0minutes ago</time>" in html


def test_a_time_to_come_is_told_forwards() -> None:
    with time_machine.travel(NOW, tick=False):
        assert ">in 2\xa0hours</time>" in rendered("{% relative_time at %}", at=NOW + timedelta(hours=2))


def test_freshness_says_until_when_and_that_today_is_open() -> None:
    with time_machine.travel(NOW, tick=False):
        html = rendered("{% freshness at %}", at=NOW)
    assert "Data until 14:32 (UTC+8)" in html
    assert "; today is not settled yet" in html
    assert "No data has arrived yet" in rendered("{% freshness nothing %}", nothing=None)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0 s"), (59.4, "59 s"), (185, "3 min 5 s"), (7_810, "2 h 10 min"), (None, "—")]
)
def test_spans_have_at_most_two_units(seconds: float | None, expected: str) -> None:
    assert rendered("{{ seconds|seconds_span }}", seconds=seconds) == expected


class Example(forms.Form):
    email = forms.EmailField(label="Email", help_text="Where the invitation goes")
    scopes = forms.MultipleChoiceField(
        label="Scopes", choices=[("a", "A"), ("b", "B")], widget=forms.CheckboxSelectMultiple
    )
    agree = forms.BooleanField(label="Agree", required=False)


def test_a_field_ties_its_error_and_help_to_the_control() -> None:
    html = rendered("{% field form.email %}", form=Example({"email": "no"}))
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'id="id_email_error"' in html
    assert 'id="id_email_helptext"' in html


def test_a_group_of_choices_is_a_fieldset_with_a_label_each() -> None:
    html = rendered("{% field form.scopes %}", form=Example())
    assert "<legend>Scopes" in html
    assert html.count('<label for="id_scopes_') == 2


def test_a_single_check_box_has_its_label_beside_it() -> None:
    assert '<label for="id_agree"><input' in rendered("{% field form.agree %}", form=Example())


def test_a_chart_is_a_picture_data_and_a_table() -> None:
    from frontend.charts import Series, time_chart

    figure = time_chart("</script>Cost", label_heading="Hour", labels=["00"], series=[Series("Cost", [150], "money")])
    html = rendered('{% chart figure "cost-chart" %}', figure=figure)
    assert 'data-chart="cost-chart"' in html
    assert '<script id="cost-chart" type="application/json">' in html
    assert "¥1.50" in html
    assert html.count("</script>") == 1
