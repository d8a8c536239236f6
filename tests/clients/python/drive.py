"""Drives a running service with the generated client: a unit, its project, its lines, its scorecard."""

import os
from decimal import Decimal
from io import BytesIO

from generated import AuthenticatedClient
from generated.api.budget_lines import get_budget_line, list_budget_lines, put_budget_line
from generated.api.evaluations import get_evaluation
from generated.api.findings import list_findings
from generated.api.projects import put_project
from generated.api.scorecards import get_scorecard
from generated.api.units import delete_unit, put_unit
from generated.api.uploads import (
    create_upload_csv, create_upload_json, create_upload_reversal, get_upload_rejected_csv,
)
from generated.models import (
    BudgetLine, BudgetLineFactsInput, BudgetLinePage, Evaluation, FindingPage, Grade, Problem, ProjectFactsInput,
    Scorecard, Severity, Unit, UnitFactsInput, UnitKind, Upload, UploadKind, UploadRowInput, UploadRowsInput,
)
from generated.types import File

client = AuthenticatedClient(base_url=os.environ["JIXIAO_URL"], token=os.environ["JIXIAO_TOKEN"])


def scorecard(card_id: str) -> Scorecard:
    card = get_scorecard.sync(card_id, client=client)
    assert isinstance(card, Scorecard), card
    return card


def main() -> None:
    town = UnitFactsInput(name="测试乡", kind=UnitKind.TOWNSHIP, parent="430922")
    unit = put_unit.sync("py-town", client=client, body=town)
    assert isinstance(unit, Unit), unit
    assert unit.facts.duties == [] and unit.facts.funding is None

    put_project.sync("py-town:2023:p1", client=client, body=ProjectFactsInput(name="招商引资专项"))
    amounts = {"30201": "0.10", "30202": "0.20", "30211": "999999999999999.00"}
    for economic_class, executed in amounts.items():
        facts = BudgetLineFactsInput(executed=executed, adjusted="999999999999999.99")
        line = put_budget_line.sync(f"py-town:2023:p1:{economic_class}", client=client, body=facts)
        assert isinstance(line, BudgetLine), line
        assert line.facts.executed == executed, "amounts are exact"

    card = scorecard("py-town:2023")
    assert card.budget.totals.executed == str(sum(map(Decimal, amounts.values())))

    line_id = "py-town:2023:p1:30211"
    blind = put_budget_line.sync(line_id, client=client, body=BudgetLineFactsInput(executed="1.00"))
    assert isinstance(blind, Problem) and blind.code == "revision_required", blind
    tag = get_budget_line.sync_detailed(line_id, client=client).headers["etag"]
    changed = put_budget_line.sync(line_id, client=client, body=BudgetLineFactsInput(executed="1.00"), if_match=tag)
    assert isinstance(changed, BudgetLine) and changed.facts.executed == "1.00", changed
    wrong = put_budget_line.sync(line_id, client=client, body=BudgetLineFactsInput(executed="12.345"))
    assert isinstance(wrong, Problem) and wrong.errors[0].code == "too_precise", wrong

    sheet = "单位,年度,项目,科目名称,执行数（万元）\npy-town,2023,招商引资专项,维护费,约0.5\n".encode("gb18030")
    sent = create_upload_csv.sync(
        client=client, body=File(payload=BytesIO(sheet)), kind=UploadKind.BUDGET_LINES, idempotency_key="py-1"
    )
    assert isinstance(sent, Upload) and (sent.receipt.created, sent.receipt.charset) == (1, "gb18030"), sent
    rows = UploadRowsInput(rows=[UploadRowInput.from_dict({"id": "py-town:2023:p1:30299", "executed": "x"})])
    refused_rows = create_upload_json.sync(client=client, body=rows, kind=UploadKind.BUDGET_LINES)
    assert isinstance(refused_rows, Problem) and refused_rows.errors[0].header == "executed", refused_rows
    assert refused_rows.upload is not None
    back = get_upload_rejected_csv.sync(refused_rows.upload, client=client)
    assert isinstance(back, File) and "错误" in back.payload.read().decode("utf-8-sig"), back
    undone = create_upload_reversal.sync(sent.id, client=client)
    assert isinstance(undone, Upload) and undone.reversals[0].reversed_ == 1, undone

    centre = scorecard("209002:2023")
    assert (centre.budget.totals.executed, centre.budget.totals.stated_executed) == ("3459100.00", "3449100.00")
    evaluation = get_evaluation.sync("209002:2023:209002-2023-01:self", client=client)
    assert isinstance(evaluation, Evaluation), evaluation
    score = evaluation.computed.score
    assert (score.earned, score.unknown, score.at_most, score.grade) == ("72.53", "10.00", "82.53", Grade.UNKNOWN)
    findings = list_findings.sync(client=client, unit="209002", severity=Severity.ERROR)
    assert isinstance(findings, FindingPage) and len(findings.items) == 4, findings
    page = list_budget_lines.sync(client=client, unit="py-town")
    assert isinstance(page, BudgetLinePage) and page.next_ is None and len(page.items) == 3, page
    refused = delete_unit.sync_detailed("py-town", client=client, if_match="*")
    assert refused.status_code == 409, refused
    print("python: the generated client went through the whole case")


main()
