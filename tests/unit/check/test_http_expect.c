/*
 * What an HTTP response must be: each expectation met, and not met for each reason there is.
 */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "check/check_fixture.h"
#include "check/check_http.h"
#include "cmocka_all.h"

#define HEADERS                                                                                    \
	"HTTP/1.1 200 OK\r\nServer: nginx/1.22\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n"          \
	"X-Empty:\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\r\n\r\n"

/* A response made by hand; zeroes stand for what most cases want. */
struct answer {
	long status;       /* 0: 200 */
	const char *body;  /* NULL: "" */
	int64_t body_size; /* 0: the body's length */
};

static enum check_code judge(const struct check_settings *settings, const struct answer *answer,
	struct check_result *result, const char **ret_why)
{
	struct strbuf headers = STRBUF_INIT;
	struct strbuf body = STRBUF_INIT;
	struct http_response response = {
		.status = HTTP_OK,
		.http_status = answer->status ? answer->status : 200,
		.headers = &headers,
		.body = &body,
	};
	const struct http_opts *opts =
		checked_make("http://example.com/", settings, result->arena)->opts;
	enum check_code code;

	strbuf_adds(&headers, HEADERS);
	strbuf_adds(&body, answer->body ? answer->body : "");
	response.body_size = answer->body_size ? answer->body_size : (int64_t)body.len;
	code = http_expect_judge(&opts->expect, &response, result, ret_why);
	strbuf_release(&headers);
	strbuf_release(&body);
	return code;
}

static void is_satisfied(void **state)
{
	static const struct {
		struct check_settings settings;
		struct answer answer;
	} cases[] = {
		{{{0}}, {0}},
		{{{0}}, {.status = 299}},
		{{{"expect.status=301"}}, {.status = 301}},
		{{{"expect.status=200", "expect.status=300-399"}}, {.status = 399}},
		{{{"expect.headers.server=^nginx/[0-9.]+$"}}, {0}},
		{{{"expect.headers.SERVER=nginx", "expect.headers.X-Empty=^$"}}, {0}},
		/* any of several with the same name */
		{{{"expect.headers.Set-Cookie=b=2"}}, {0}},
		{{{"expect.headers_not.X-Powered-By=."}}, {0}},
		{{{"expect.headers_not.Server=apache"}}, {0}},
		{{{"expect.headers_not.X-Empty=."}}, {0}},
		{{{"expect.body=hello", "expect.body=wor.d"}}, {.body = "hello world"}},
		{{{"expect.body=(?s)a.*z"}}, {.body = "\xff"
						      "a\nb\nz"}},
		{{{"expect.body=^$"}}, {0}},
		{{{"expect.body_not=error", "expect.body_not=fail"}}, {.body = "fine"}},
		{{{"expect.size=> 1M"}}, {.body = "x", .body_size = 1048576}},
		{{{"expect.size=< 5"}}, {.body = "12345"}},
		/* all of them at once */
		{{{"expect.status=200", "expect.headers.Server=nginx", "expect.body=ok",
			 "expect.json./ok=true", "expect.size=> 100"}},
			{.body = "{\"ok\": true}"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct check_result result = {.arena = arena};
		const char *why = "untouched";
		enum check_code code = judge(&cases[i].settings, &cases[i].answer, &result, &why);

		if (code != CODE_OK) {
			fail_msg("%s: %s", cases[i].settings.items[0], why);
		}
		assert_string_equal(why, "untouched");
		assert_int_equal(result.evidence_count, 0);
		arena_free(arena);
	}
}

static void says_what_is_not_met(void **state)
{
	// clang-format off
	static const struct {
		struct check_settings settings;
		struct answer answer;
		enum check_code code;
		const char *why;
	} cases[] = {
		{{{0}}, {.status = 503}, CODE_STATUS_MISMATCH, "status 503, expected 200-299"},
		{{{0}}, {.status = 199}, CODE_STATUS_MISMATCH, "status 199, expected 200-299"},
		{{{"expect.status=301", "expect.status=400-404", "expect.status=410"}}, {0}, CODE_STATUS_MISMATCH,
		 "status 200, expected 301, 400-404, 410"},
		{{{"expect.headers.Server=apache"}}, {0}, CODE_HEADER_MISMATCH,
		 "header Server is 'nginx/1.22', expected 'apache'"},
		{{{"expect.headers.Set-Cookie=c"}}, {0}, CODE_HEADER_MISMATCH,
		 "header Set-Cookie is 'a=1', expected 'c'"},
		{{{"expect.headers.Age=."}}, {0}, CODE_HEADER_MISMATCH, "header Age is missing, expected '.'"},
		{{{"expect.headers_not.server=nginx"}}, {0}, CODE_HEADER_MISMATCH,
		 "header server is 'nginx/1.22', which must not match 'nginx'"},
		{{{"expect.headers_not.Set-Cookie=b"}}, {0}, CODE_HEADER_MISMATCH,
		 "header Set-Cookie is 'b=2', which must not match 'b'"},
		/* what could not be found out is not well, either way */
		{{{"expect.headers.X-Long=^(a+)+$"}}, {0}, CODE_HEADER_MISMATCH,
		 "header X-Long: matching takes too much work (simplify the expression): '^(a+)+$'"},
		{{{"expect.headers_not.X-Long=^(a+)+$"}}, {0}, CODE_HEADER_MISMATCH,
		 "header X-Long: matching takes too much work (simplify the expression): '^(a+)+$'"},
		{{{"expect.body=hello"}}, {.body = "bye"}, CODE_BODY_MISMATCH, "the body does not match 'hello'"},
		{{{"expect.body=hello", "expect.body=ho"}}, {.body = "hello"}, CODE_BODY_MISMATCH, "the body does not match 'ho'"},
		{{{"expect.body=z"}}, {.body = "abc", .body_size = 5000}, CODE_BODY_MISMATCH,
		 "the body does not match 'z' in its first 3 bytes (body_max)"},
		{{{"expect.body_not=x", "expect.body_not=y"}}, {.body = "y"}, CODE_BODY_MISMATCH, "the body matches 'y'"},
		{{{"expect.body=^(a+)+$"}}, {.body = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"}, CODE_BODY_MISMATCH,
		 "matching takes too much work (simplify the expression): '^(a+)+$'"},
		{{{"expect.body_not=^(a+)+$"}}, {.body = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"}, CODE_BODY_MISMATCH,
		 "matching takes too much work (simplify the expression): '^(a+)+$'"},
		{{{"expect.size=< 100"}}, {.body = "12345"}, CODE_SIZE_MISMATCH, "the body has 5 bytes, below 100 B"},
		{{{"expect.size=> 1M"}}, {.body_size = 1048577}, CODE_SIZE_MISMATCH, "the body has 1048577 bytes, above 1.0 MiB"},
		{{{"expect.size=10:20"}}, {0}, CODE_SIZE_MISMATCH, "the body has 0 bytes, outside 10 B to 20 B"},
		/* the first that is not met, in this order: status, headers, body, JSON, size */
		{{{"expect.size=< 1", "expect.json./a=1", "expect.body=x", "expect.headers.A=.", "expect.status=404"}}, {0},
		 CODE_STATUS_MISMATCH, "status 200, expected 404"},
		{{{"expect.size=< 1", "expect.json./a=1", "expect.body=x", "expect.headers.A=."}}, {0},
		 CODE_HEADER_MISMATCH, "header A is missing, expected '.'"},
		{{{"expect.size=< 1", "expect.json./a=1", "expect.body=x"}}, {0}, CODE_BODY_MISMATCH, "the body does not match 'x'"},
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct check_result result = {.arena = arena};
		const char *why = "nothing";
		enum check_code code = judge(&cases[i].settings, &cases[i].answer, &result, &why);

		assert_string_equal(why, cases[i].why);
		assert_int_equal(code, cases[i].code);
		arena_free(arena);
	}
}

#define DOCUMENT                                                                                   \
	"{\"status\": \"ok\", \"count\": 3, \"ratio\": 0.5, \"up\": true, \"none\": null,"         \
	" \"list\": [10, {\"a/b\": \"x\", \"m~n\": \"y\"}], \"\": \"empty\", \"text\": \"3\","     \
	" \"id\": 9007199254740993, \"word\": \"exists\", \"object\": {}}"

static void json_is_as_expected(void **state)
{
	static const char *const settings[] = {
		"expect.json./status=ok",
		"expect.json./status=== ok",
		"expect.json./status=!= down",
		"expect.json./status=~ ^o",
		"expect.json./status=exists",
		"expect.json./count=3",
		"expect.json./count=3.0",
		"expect.json./count=!= 4",
		"expect.json./count=> 2",
		"expect.json./count=>= 3",
		"expect.json./count=< 4",
		"expect.json./count=<= 3",
		"expect.json./count=~ ^3$",
		"expect.json./ratio=0.5",
		"expect.json./ratio=5e-1",
		"expect.json./ratio=< 0.51",
		"expect.json./up=true",
		"expect.json./none=null",
		"expect.json./none=exists",
		"expect.json./text=3",
		"expect.json./list/0=10",
		"expect.json./list/1/a~1b=x",
		"expect.json./list/1/m~0n=y",
		"expect.json./=empty",
		"expect.json./list/2=missing",
		"expect.json./list/-=missing",
		"expect.json./nothing=missing",
		"expect.json./status/deeper=missing",
		"expect.json./list=exists",
		"expect.json./list=!= x",
		"expect.json./object=exists",
		/* beyond what doubles tell apart */
		"expect.json./id=9007199254740993",
		"expect.json./id=!= 9007199254740992",
		/* a word of ours as a value */
		"expect.json./word=== exists",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		struct arena *arena = arena_new();
		struct check_result result = {.arena = arena};
		const char *why = NULL;

		if (judge(&(struct check_settings){{settings[i]}},
			    &(struct answer){.body = DOCUMENT}, &result, &why) != CODE_OK) {
			fail_msg("%s: %s", settings[i], why);
		}
		arena_free(arena);
	}
}

static void json_is_not_as_expected(void **state)
{
	// clang-format off
	static const char *const cases[][2] = {
		{"expect.json./status=down", "JSON /status is 'ok', expected 'down'"},
		{"expect.json./status=!= ok", "JSON /status is 'ok', expected '!= ok'"},
		{"expect.json./status=~ ^down", "JSON /status is 'ok', expected '~ ^down'"},
		{"expect.json./status=> 1", "JSON /status is 'ok', expected '> 1'"},
		{"expect.json./status=missing", "JSON /status is 'ok', expected 'missing'"},
		{"expect.json./nothing=ok", "JSON /nothing is missing, expected 'ok'"},
		{"expect.json./nothing=!= ok", "JSON /nothing is missing, expected '!= ok'"},
		{"expect.json./nothing=exists", "JSON /nothing is missing, expected 'exists'"},
		{"expect.json./count=4", "JSON /count is '3', expected '4'"},
		{"expect.json./count=> 3", "JSON /count is '3', expected '> 3'"},
		{"expect.json./count=>= 4", "JSON /count is '3', expected '>= 4'"},
		{"expect.json./count=< 3", "JSON /count is '3', expected '< 3'"},
		{"expect.json./count=<= 2", "JSON /count is '3', expected '<= 2'"},
		{"expect.json./count=!= 3.0", "JSON /count is '3', expected '!= 3.0'"},
		{"expect.json./ratio=0.6", "JSON /ratio is '0.5', expected '0.6'"},
		{"expect.json./text=> 2", "JSON /text is '3', expected '> 2'"},
		{"expect.json./up=false", "JSON /up is 'true', expected 'false'"},
		{"expect.json./none=missing", "JSON /none is 'null', expected 'missing'"},
		{"expect.json./list=ok", "JSON /list is 'an array', expected 'ok'"},
		{"expect.json./object=~ .", "JSON /object is 'an object', expected '~ .'"},
		{"expect.json./list/00=10", "JSON /list/00 is missing, expected '10'"},
		{"expect.json./id=9007199254740992", "JSON /id is '9007199254740993', expected '9007199254740992'"},
		{"expect.json./word=exists now", "JSON /word is 'exists', expected 'exists now'"},
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct check_result result = {.arena = arena};
		const char *why = "nothing";
		enum check_code code = judge(&(struct check_settings){{cases[i][0]}},
			&(struct answer){.body = DOCUMENT}, &result, &why);

		assert_string_equal(why, cases[i][1]);
		assert_int_equal(code, CODE_JSON_MISMATCH);
		assert_true(
			str_starts(str_of(evidence_of(&result, "body")), "{\"status\": \"ok\""));
		arena_free(arena);
	}
}

static void a_body_that_is_no_json(void **state)
{
	static const struct {
		struct answer answer;
		const char *why;
	} cases[] = {
		{{.body = ""}, "the body is no JSON (line 1: unexpected token near end of file)"},
		{{.body = "<html>"}, "the body is no JSON (line 1: invalid token near '<')"},
		{{.body = "{\"a\":\n1,\n}"},
			"the body is no JSON (line 3: string or '}' expected near '}')"},
		{{.body = "{\"a\": 1} x"},
			"the body is no JSON (line 1: end of file expected near 'x')"},
		{{.body = "\"\xff\""},
			"the body is no JSON (line 1: unable to decode byte 0xff near '\"')"},
		{{.body = "{\"a\": [1, 2", .body_size = 100},
			"the body is no JSON (line 1: ']' expected near end of file) in its first "
			"11 bytes (body_max)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct check_result result = {.arena = arena};
		const char *why = "nothing";
		enum check_code code = judge(&(struct check_settings){{"expect.json./a=1"}},
			&cases[i].answer, &result, &why);

		assert_string_equal(why, cases[i].why);
		assert_int_equal(code, CODE_JSON_MISMATCH);
		arena_free(arena);
	}
}

static void a_scalar_is_a_document_too(void **state)
{
	struct arena *arena = arena_new();
	struct check_result result = {.arena = arena};
	const char *why = NULL;

	(void)state;
	assert_int_equal(judge(&(struct check_settings){{"expect.json./a=missing"}},
				 &(struct answer){.body = "42"}, &result, &why),
		CODE_OK);
	arena_free(arena);
}

static void what_is_shown_is_safe_and_short(void **state)
{
	struct arena *arena = arena_new();
	struct check_result result = {.arena = arena};
	struct strbuf body = STRBUF_INIT;
	const char *why = NULL;

	(void)state;
	strbuf_adds(&body, "{\"a\": \"\\u001b[31m\\u202e");
	strbuf_addn(&body, 'x', 2000);
	strbuf_adds(&body, "\"}");
	assert_int_equal(judge(&(struct check_settings){{"expect.json./a=1"}},
				 &(struct answer){.body = body.buf}, &result, &why),
		CODE_JSON_MISMATCH);
	assert_true(str_starts(str_of(why), "JSON /a is '\\x1b[31m\\u202exxxx"));
	assert_true(str_ends(str_of(why), "xxx...', expected '1'"));
	assert_true(strlen(why) < 120);
	assert_int_equal(strlen(evidence_of(&result, "body")), 512);
	strbuf_release(&body);
	arena_free(arena);
}

static void refuses_what_cannot_be_expected(void **state)
{
	static const char *const cases[][2] = {
		// clang-format off
		{"expect.status=", "'http://x/': setting 'expect.status': number '': not a whole number"},
		{"expect.status=99", "'http://x/': setting 'expect.status': number '99': must be from 100 to 599"},
		{"expect.status=600", "'http://x/': setting 'expect.status': number '600': must be from 100 to 599"},
		{"expect.status=ok", "'http://x/': setting 'expect.status': number 'ok': not a whole number"},
		{"expect.status=299-200", "'http://x/': setting 'expect.status': range '299-200' begins above its end"},
		{"expect.status=200-", "'http://x/': setting 'expect.status': number '': not a whole number"},
		{"expect.status=-200", "'http://x/': setting 'expect.status': number '': not a whole number"},
		{"expect.status=200-299-300", "'http://x/': setting 'expect.status': number '299-300': not a whole number"},
		{"expect.body=(", "'http://x/': setting 'expect.body': regular expression '(': missing closing parenthesis at column 2"},
		{"expect.headers.Server=[", "'http://x/': setting 'expect.headers.Server': regular expression '[': missing terminating ] for character class at column 2"},
		{"expect.headers.Ser ver=x", "'http://x/': setting 'expect.headers.Ser ver': 'Ser ver' is no header name"},
		{"expect.headers_not.a:b=x", "'http://x/': setting 'expect.headers_not.a:b': 'a:b' is no header name"},
		{"expect.json.status=ok", "'http://x/': setting 'expect.json.status': JSON Pointer 'status': must be empty or begin with '/' (RFC 6901); did you mean '/status'?"},
		{"expect.json./a~2b=ok", "'http://x/': setting 'expect.json./a~2b': JSON Pointer '/a~2b': '~' at column 3 must be written '~0' (RFC 6901)"},
		{"expect.json./a=> x", "'http://x/': setting 'expect.json./a': number 'x': not a decimal number"},
		{"expect.json./a=>", "'http://x/': setting 'expect.json./a': number '': not a decimal number"},
		{"expect.json./a=~ (", "'http://x/': setting 'expect.json./a': regular expression '(': missing closing parenthesis at column 2"},
		{"expect.size=big", "'http://x/': setting 'expect.size': 'big' is no number, duration or size (write 80, 80%, 500ms, 10G)"},
		{"expect.statsu=200", "'http://x/': setting 'expect.statsu': no setting 'statsu' in 'expect'; did you mean 'status'?"},
		{"expect=200", "'http://x/': setting 'expect': 'expect' needs a key: expect.KEY=VALUE"},
		// clang-format on
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		const struct check *check = NULL;
		struct err err = {0};

		if (checked_try("http://x/", &(struct check_settings){{cases[i][0]}}, arena, &check,
			    &err) == 0) {
			fail_msg("%s was taken", cases[i][0]);
		}
		assert_string_equal(err.msg, cases[i][1]);
		assert_int_equal(err.code, ERR_INPUT);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_satisfied),
		cmocka_unit_test(says_what_is_not_met),
		cmocka_unit_test(json_is_as_expected),
		cmocka_unit_test(json_is_not_as_expected),
		cmocka_unit_test(a_body_that_is_no_json),
		cmocka_unit_test(a_scalar_is_a_document_too),
		cmocka_unit_test(what_is_shown_is_safe_and_short),
		cmocka_unit_test(refuses_what_cannot_be_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
