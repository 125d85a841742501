/*
 * The addresses of Slack's incoming webhooks.  See slack_url.h.
 *
 * A wrong one is told when the configuration is read: Slack would say no more than "no_team".
 */
#include "notify/slack_url.h"

#include "base/utf8.h"

static const char shape[] = "https://hooks.slack.com/services/T.../B.../...";

static bool is_slack(const char *host)
{
	const struct str name = str_of(host);

	return str_is(name, "slack.com") || str_ends(name, ".slack.com") ||
	       str_is(name, "slack-gov.com") || str_ends(name, ".slack-gov.com");
}

static bool is_hooks(const char *host)
{
	return strcmp(host, "hooks.slack.com") == 0 || strcmp(host, "hooks.slack-gov.com") == 0;
}

static bool is_id(struct str id, char letter)
{
	if (id.len < 2 || id.ptr[0] != letter) {
		return false;
	}
	for (size_t i = 0; i < id.len; i++) {
		if (!char_is_digit(id.ptr[i]) && !(id.ptr[i] >= 'A' && id.ptr[i] <= 'Z')) {
			return false;
		}
	}
	return true;
}

static bool is_key(struct str key)
{
	for (size_t i = 0; i < key.len; i++) {
		if (!char_is_alnum(key.ptr[i])) {
			return false;
		}
	}
	return key.len > 0;
}

/* What is wrong with "/services/T.../B.../key"; NULL if nothing is.  *ret_public is the length of
 * what is in front of the key. */
static const char *path_fault(const struct url *url, size_t *ret_public)
{
	struct str rest = str_of(url->path + 1);
	struct str parts[5] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}};
	size_t count = 0;

	while (count < 5 && str_split(&rest, '/', &parts[count])) {
		count++;
	}
	if (str_is(parts[0], "workflows") || str_is(parts[0], "triggers")) {
		return "is that of a workflow; an incoming webhook is needed, as in";
	}
	if (!str_is(parts[0], "services")) {
		return "does not go on with /services/, as in";
	}
	if (count < 4 || parts[count - 1].len == 0) {
		return "is not complete; it looks like";
	}
	if (count > 4 || url->query) {
		return "has too much at its end; it looks like";
	}
	if (!is_id(parts[1], 'T')) {
		return "has no team (T and letters or digits) behind /services/, as in";
	}
	if (!is_id(parts[2], 'B')) {
		return "has no webhook (B and letters or digits) behind the team, as in";
	}
	if (!is_key(parts[3])) {
		return "has something else than letters and digits at its end; it looks like";
	}
	*ret_public = strlen(url->path) - parts[3].len;
	return NULL;
}

int slack_url_read(
	const char *text, struct arena *arena, struct secret_url *ret_url, struct err *err)
{
	struct secret_url url;
	const char *fault;
	size_t public_len = 0;

	if (secret_url_read(text, arena, &url, err) < 0) {
		return -1;
	}
	fault = path_fault(&url.url, &public_len);
	if (!fault) {
		secret_url_publish(&url, public_len, arena);
	}
	if (!is_slack(url.url.host)) {
		*ret_url = url;
		return 0;
	}
	if (!is_hooks(url.url.host)) {
		return err_set(err, ERR_INPUT,
			"webhooks are not at '%s'; the address looks like %s", url.url.host, shape);
	}
	if (strcmp(url.url.scheme, "https") != 0) {
		return err_set(
			err, ERR_INPUT, "the address must begin with https:// as in %s", shape);
	}
	if (fault) {
		return err_set(err, ERR_INPUT, "the address of the webhook %s %s", fault, shape);
	}
	*ret_url = url;
	return 0;
}
