/*
 * The rules of redirects.  See http_redirect.h.
 */
#include "net/http_redirect.h"

#include "base/alloc.h"

bool http_redirect_is_status(long http_status)
{
	return http_status == 301 || http_status == 302 || http_status == 303 ||
	       http_status == 307 || http_status == 308;
}

const char *http_redirect_method(long http_status, const char *method)
{
	bool is_post = strcmp(method, "POST") == 0;
	bool is_plain = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;

	if ((is_post && (http_status == 301 || http_status == 302)) ||
		(!is_plain && http_status == 303)) {
		return "GET";
	}
	return method;
}

static struct str name_of(struct str header)
{
	return str_trim(str_sub(header, 0, str_find(header, ':', 0)));
}

bool http_redirect_may_carry(struct str header)
{
	static const char *const harmless[] = {"Accept", "Accept-Charset", "Accept-Encoding",
		"Accept-Language", "Cache-Control", "Content-Language", "Content-Type", "DNT",
		"If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since",
		"Pragma", "Range", "Traceparent", "Tracestate", "User-Agent", "X-Request-ID"};
	struct str name = name_of(header);

	for (size_t i = 0; i < ARRAY_LEN(harmless); i++) {
		if (str_case_eq(name, str_of(harmless[i]))) {
			return true;
		}
	}
	return false;
}

bool http_redirect_is_about_body(struct str header)
{
	static const char prefix[] = "Content-";
	struct str name = name_of(header);

	return str_case_eq(str_sub(name, 0, sizeof(prefix) - 1), str_of(prefix)) ||
	       str_case_eq(name, str_of("Transfer-Encoding"));
}
