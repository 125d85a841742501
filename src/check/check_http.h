/*
 * The kind `http`, its parts: options (check_http.c), what the answer must be (http_expect.c), what
 * is told of a failure (http_evidence.c).
 */
#ifndef CHECK_CHECK_HTTP_H
#define CHECK_CHECK_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "check/check.h"
#include "check/check_network.h"
#include "conf/option.h"
#include "net/http_client.h"
#include "net/url.h"

/* Numbers and ranges: "200", "200-299". */
struct number_range {
	int64_t low, high;
};

struct http_expect {
	struct option_list status;   /* struct number_range; empty: 200-299 */
	struct option_list body;     /* struct regex *: all must match */
	struct option_list body_not; /* none may */
	struct option_map headers;   /* struct regex *, by name: the header is there and matches */
	struct option_map headers_not; /* ... is not there, or does not match */
	struct option_map json;        /* struct json_expect, by JSON Pointer */
	struct threshold size;         /* the size must not be bad by it */
};

/* A value of a JSON document must be equal to a text, compare with a number, match, or exist. */
struct json_expect {
	enum json_expect_how {
		JSON_EQUALS,     /* strings as they are, numbers by value, true, false, null */
		JSON_NOT_EQUALS, /* "!= x" */
		JSON_COMPARES,   /* "> 5", "<= 3": a number that is so */
		JSON_MATCHES,    /* "~ regex": a string or number whose text matches */
		JSON_EXISTS,     /* "exists" */
		JSON_MISSING,    /* "missing" */
	} how;
	const char *text; /* as written, for messages */
	struct str value;
	struct regex *regex;
	struct threshold bad; /* of JSON_COMPARES: what it must not be */
};

struct http_opts {
	const char *address; /* as written; may hold a password */
	const char *method;
	struct option_map headers;
	const char *body;
	const char *body_file;
	const char *username, *password, *bearer_token;
	struct {
		bool is_verified;
		const char *ca_file, *certificate_file, *key_file, *server_name;
	} tls;
	int version; /* enum http_version */
	struct network_opts network;
	bool is_every_address;
	int64_t redirects;
	const char *proxy;
	int64_t body_max;
	int64_t size_max;
	struct http_expect expect;
	/* from validate() */
	struct url url;
	const char **header_lines; /* NULL-terminated */
	struct str body_bytes;
};

extern const struct option_type option_number_range; /* struct number_range */
extern const struct option_type option_json_expect;  /* struct json_expect */

/*
 * The first expectation that the response does not meet: its code, and *ret_why in the arena.
 * CODE_OK: all are met.  Adds evidence (the body's beginning, the value found).
 */
enum check_code http_expect_judge(const struct http_expect *, const struct http_response *,
	struct check_result *, const char **ret_why);

/* The outcome of an exchange that brought no complete response. */
enum check_code http_failure_code(const struct http_response *);

/* Address, phases, certificates, status and headers, and a curl command that shows the same.  For
 * check_result_evidence of failures, and of successes at -vv. */
void http_add_evidence(
	struct check_result *, const struct http_opts *, const struct http_response *);
/* The curl command alone; `response` may be NULL. */
void http_add_command(
	struct check_result *, const struct http_opts *, const struct http_response *);

#endif
