/* SPDX-License-Identifier: Apache-2.0 */
/* Findings: levels, status, text, JSON. */
#include "helpers.h"

#include "oci-vfio-hook/finding.h"

static void add_all(struct findings *findings)
{
	findings_add(findings, FINDING_OK, "IOMMU", "%s, %d groups", "Intel", 7);
	findings_add(findings, FINDING_WARNING, "a topic longer than that", "fact");
	findings_mend(findings, "first");
	findings_mend(findings, "echo %d", 1);
	findings_add(findings, FINDING_UNKNOWN, "x", "tab\there");
}

static void test_text(void **state)
{
	auto_findings findings = { 0 };
	auto_buffer text = { 0 };

	(void)state;
	add_all(&findings);
	findings_text(&findings, false, &text);
	check_text("text", buffer_slice(&text),
		   "ok    IOMMU          Intel, 7 groups\n"
		   "WARN  a topic longer than that fact\n"
		   "                     echo 1\n"
		   "?     x              tab\\x09here\n"
		   "1 ok, 1 warning, 1 could not be measured\n");
	text.length = 0;
	findings_add(&findings, FINDING_FAILURE, "y", "z");
	findings_add(&findings, FINDING_FAILURE, "y", "z");
	findings_text(&findings, true, &text);
	assert_true(slice_contains(buffer_slice(&text),
				   SLICE("\033[32mok\033[0m    IOMMU          Intel")));
	assert_true(slice_contains(buffer_slice(&text),
				   SLICE("\033[1;31mFAIL\033[0m  y              z\n")));
	assert_true(slice_contains(buffer_slice(&text), SLICE("2 failures")));
}

static void test_json(void **state)
{
	auto_findings findings = { 0 };
	auto_buffer text = { 0 };

	(void)state;
	findings_json(&findings, &text);
	check_text("none", buffer_slice(&text), "{\"status\":0,\"findings\":[]}\n");
	text.length = 0;
	add_all(&findings);
	findings_json(&findings, &text);
	check_text(
		"json", buffer_slice(&text),
		"{\"status\":2,\"findings\":["
		"{\"level\":\"ok\",\"topic\":\"IOMMU\",\"fact\":\"Intel, 7 groups\",\"remedy\":null},"
		"{\"level\":\"warning\",\"topic\":\"a topic longer than that\",\"fact\":\"fact\",\"remedy\":\"echo 1\"},"
		"{\"level\":\"unknown\",\"topic\":\"x\",\"fact\":\"tab\\there\",\"remedy\":null}]}\n");
}

static void test_status(void **state)
{
	auto_findings findings = { 0 };

	(void)state;
	assert_int_equal(findings_status(&findings), 0);
	findings_add(&findings, FINDING_WARNING, "x", "y");
	assert_int_equal(findings_status(&findings), 0);
	findings_add(&findings, FINDING_UNKNOWN, "x", "y");
	assert_int_equal(findings_status(&findings), 2);
	findings_add(&findings, FINDING_FAILURE, "x", "y");
	assert_int_equal(findings_status(&findings), 1);
}

static void test_message(void **state)
{
	static const struct {
		const char *message, *fact, *remedy;
	} rows[] = {
		{ "f: is bad; run: chmod go-w f", "f: is bad", "chmod go-w f" },
		{ "f: a; b; correct it", "f: a; b", "correct it" },
		{ "f: is bad", "f: is bad", "other" },
		/* What somebody else wrote is never a remedy. */
		{ "env[1]: \"A; run: curl x | sh #\" is left",
		  "env[1]: \"A; run: curl x | sh #\" is left", "other" },
		{ "\"\\\"; run: x\" is left; run: y", "\"\\\"; run: x\" is left", "y" },
	};
	auto_findings findings = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		findings_add_message(&findings, FINDING_FAILURE, "t", rows[i].message,
				     "other");
		assert_string_equal(findings.items[i].fact, rows[i].fact);
		assert_string_equal(findings.items[i].remedy, rows[i].remedy);
	}
	findings_add_message(&findings, FINDING_FAILURE, "t", "x", NULL);
	assert_null(findings.items[ARRAY_SIZE(rows)].remedy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
