// Drives a running service with the generated client: a unit, its project, its lines, its scorecard.
import assert from "node:assert/strict";
import { client } from "./generated/client.gen";
import {
  createUploadCsv, createUploadJson, createUploadReversal, deleteBudgetLine, getBudgetLine, getScorecard, listBudgetLines, listFindings, putBudgetLine, putProject, putUnit,
} from "./generated/sdk.gen";
import type { Scorecard } from "./generated/types.gen";

const { JIXIAO_URL, JIXIAO_TOKEN } = process.env;
client.setConfig({ baseUrl: JIXIAO_URL ?? "", auth: () => JIXIAO_TOKEN });

const unit = await putUnit({ path: { id: "ts-town" }, body: { name: "测试镇", kind: "township", parent: "430922" } });
assert.equal(unit.response?.status, 201);
assert.equal(unit.data?.facts.social_credit_code, null);

await putProject({ path: { id: "ts-town:2023:p1" }, body: { name: "招商引资专项" }, throwOnError: true });
for (const [economicClass, executed] of [["30201", "0.10"], ["30202", "0.20"], ["30211", "999999999999999.00"]] as const) {
  const id = `ts-town:2023:p1:${economicClass}`;
  const line = await putBudgetLine({ path: { id }, body: { executed, adjusted: "0.30" }, throwOnError: true });
  assert.equal(line.data.facts.executed, executed, "amounts are exact");
}

// Changing what was read needs its revision; a wrong body names every mistake.
const id = "ts-town:2023:p1:30211";
const blind = await putBudgetLine({ path: { id }, body: { executed: "1.00" } });
assert.equal(blind.response?.status, 428);
assert.equal(blind.error?.code, "revision_required");
const read = await getBudgetLine({ path: { id }, throwOnError: true });
const tag = read.response.headers.get("etag") ?? "";
const changed = await putBudgetLine({
  path: { id }, body: { executed: "0.03", adjusted: "0.30" }, headers: { "If-Match": tag }, throwOnError: true,
});
assert.equal(changed.data.computed.execution_rate, "10.00");
const wrong = await putBudgetLine({ path: { id }, body: { executed: "-1", adjusted: "1.234" } });
assert.deepEqual(wrong.error?.errors.map((one) => one.pointer).sort(), ["/adjusted", "/executed"]);

const card: Scorecard = (await getScorecard({ path: { id: "ts-town:2023" }, throwOnError: true })).data;
assert.equal(card.budget.totals.executed, "0.33");
assert.equal(card.budget.totals.stated_executed, null);
assert.deepEqual(card.budget.lines.map((line) => line.economic_class), ["30201", "30202", "30211"]);

const sheet = new Blob(["单位,年度,项目,科目名称,执行数（万元）\nts-town,2023,招商引资专项,维护费,约0.5\n"]);
const kind = "budget_lines";
const sent = (await createUploadCsv({ query: { kind }, body: sheet, headers: { "Idempotency-Key": "ts-1" }, throwOnError: true })).data;
assert.deepEqual([sent.receipt.state, sent.receipt.received, sent.receipt.created], ["accepted", 1, 1]);
const rows = await createUploadJson({ query: { kind }, body: { rows: [{ id: "ts-town:2023:p1:30299", executed: "x" }] } });
assert.deepEqual([rows.response?.status, rows.error?.errors[0]?.row, rows.error?.errors[0]?.header], [422, 1, "executed"]);
const undone = (await createUploadReversal({ path: { id: sent.id }, throwOnError: true })).data;
assert.equal(undone.reversals[0]?.reversed, 1);

const centre = (await getScorecard({ path: { id: "209002:2023" }, throwOnError: true })).data;
assert.equal(centre.budget.totals.difference, "10000.00");
assert.equal(centre.evaluations[0]?.computed.score.at_most, "82.53");
const county = (await getScorecard({ path: { id: "430922:2023" }, throwOnError: true })).data;
assert.deepEqual(
  county.targets.map((target) => target.completion.percent),
  ["6.56", "103.81", "102.24", "51.47", "86.67", "130.56", "113.33", "118.18"],
);
const errors = await listFindings({ query: { unit: "209002", year: 2023, severity: "error" }, throwOnError: true });
assert.ok(errors.data.items.some((finding) => finding.rule === "budget.sum-mismatch"));

let lines = 0;
for (let after: string | undefined; ; ) {
  const page = (await listBudgetLines({ query: { year: 2023, limit: 5, after }, throwOnError: true })).data;
  lines += page.items.length;
  if (page.next === null) break;
  after = page.next;
}
assert.equal(lines, 12);
const gone = await deleteBudgetLine({ path: { id }, headers: { "If-Match": "*" } });
assert.equal(gone.response?.status, 204);
console.log("typescript: the generated client went through the whole case");
