/*
 * Keywords into fields.  See ssh_settings.h.
 *
 * First all lines are taken as they are; paths are expanded after that, when host, user and port
 * are known.
 */
#include "net/ssh_settings.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "net/ssh_algorithms.h"
#include "net/ssh_names.h"
#include "net/ssh_tokens.h"

enum {
	LIST_MAX = 256,
	VALUE_MAX = 16 * 1024,
	DEFAULT_PORT = 22,
	PATH_WORDS_MAX = 16, /* that can be one path */
};

enum keyword {
	KEY_ADDRESS_FAMILY,
	KEY_BIND_ADDRESS,
	KEY_BIND_INTERFACE,
	KEY_CERTIFICATE_FILE,
	KEY_CIPHERS,
	KEY_CONNECT_TIMEOUT,
	KEY_FORWARD_AGENT,
	KEY_GLOBAL_KNOWN_HOSTS,
	KEY_GSSAPI,
	KEY_HASH_KNOWN_HOSTS,
	KEY_HOST_KEY_ALGORITHMS,
	KEY_HOST_KEY_ALIAS,
	KEY_HOSTNAME,
	KEY_IDENTITIES_ONLY,
	KEY_IDENTITY_AGENT,
	KEY_IDENTITY_FILE,
	KEY_KBDINTERACTIVE,
	KEY_KEX,
	KEY_KNOWN_HOSTS_COMMAND,
	KEY_MACS,
	KEY_PASSWORD,
	KEY_PKCS11,
	KEY_PORT,
	KEY_PROXY_COMMAND,
	KEY_PROXY_JUMP,
	KEY_PUBKEY,
	KEY_PUBKEY_ALGORITHMS,
	KEY_REVOKED_HOST_KEYS,
	KEY_ALIVE_COUNT,
	KEY_ALIVE_INTERVAL,
	KEY_SET_ENV,
	KEY_STRICT,
	KEY_USER,
	KEY_USER_KNOWN_HOSTS,
	KEY_VERIFY_DNS,
	KEYWORDS_MAX,
};

static const struct {
	const char *name;
	enum keyword keyword;
} names[] = {
	{"addressfamily", KEY_ADDRESS_FAMILY},
	{"bindaddress", KEY_BIND_ADDRESS},
	{"bindinterface", KEY_BIND_INTERFACE},
	{"certificatefile", KEY_CERTIFICATE_FILE},
	{"challengeresponseauthentication", KEY_KBDINTERACTIVE},
	{"ciphers", KEY_CIPHERS},
	{"connecttimeout", KEY_CONNECT_TIMEOUT},
	{"forwardagent", KEY_FORWARD_AGENT},
	{"globalknownhostsfile", KEY_GLOBAL_KNOWN_HOSTS},
	{"gssapiauthentication", KEY_GSSAPI},
	{"hashknownhosts", KEY_HASH_KNOWN_HOSTS},
	{"hostkeyalgorithms", KEY_HOST_KEY_ALGORITHMS},
	{"hostkeyalias", KEY_HOST_KEY_ALIAS},
	{"hostname", KEY_HOSTNAME},
	{"identitiesonly", KEY_IDENTITIES_ONLY},
	{"identityagent", KEY_IDENTITY_AGENT},
	{"identityfile", KEY_IDENTITY_FILE},
	{"kbdinteractiveauthentication", KEY_KBDINTERACTIVE},
	{"kexalgorithms", KEY_KEX},
	{"knownhostscommand", KEY_KNOWN_HOSTS_COMMAND},
	{"macs", KEY_MACS},
	{"passwordauthentication", KEY_PASSWORD},
	{"pkcs11provider", KEY_PKCS11},
	{"port", KEY_PORT},
	{"proxycommand", KEY_PROXY_COMMAND},
	{"proxyjump", KEY_PROXY_JUMP},
	{"pubkeyacceptedalgorithms", KEY_PUBKEY_ALGORITHMS},
	{"pubkeyacceptedkeytypes", KEY_PUBKEY_ALGORITHMS},
	{"pubkeyauthentication", KEY_PUBKEY},
	{"revokedhostkeys", KEY_REVOKED_HOST_KEYS},
	{"serveralivecountmax", KEY_ALIVE_COUNT},
	{"serveraliveinterval", KEY_ALIVE_INTERVAL},
	{"setenv", KEY_SET_ENV},
	{"stricthostkeychecking", KEY_STRICT},
	{"user", KEY_USER},
	{"userknownhostsfile", KEY_USER_KNOWN_HOSTS},
	{"verifyhostkeydns", KEY_VERIFY_DNS},
};

struct list {
	const char **items;
	size_t items_count, items_alloc;
};

struct reading {
	const struct ssh_settings_context *context;
	struct arena *arena;
	struct ssh_settings *settings;
	struct str values[KEYWORDS_MAX]; /* ptr NULL: not said */
	struct list identities, certificates, environment;
	struct err *err;
};

/* --- lines ---------------------------------------------------------------------------------- */

static bool find_keyword(struct str name, enum keyword *ret_keyword)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_case_eq(name, str_of(names[i].name))) {
			*ret_keyword = names[i].keyword;
			return true;
		}
	}
	return false;
}

static void list_add(struct reading *reading, struct list *list, struct str value)
{
	if (list->items_count < LIST_MAX) {
		*VEC_PUSH_IN(reading->arena, list, items) = str_dup(value, reading->arena);
	}
}

static void take_line(struct reading *reading, enum keyword keyword, struct str value)
{
	if (keyword == KEY_IDENTITY_FILE) {
		list_add(reading, &reading->identities, value);
	} else if (keyword == KEY_CERTIFICATE_FILE) {
		list_add(reading, &reading->certificates, value);
	} else if (keyword == KEY_SET_ENV) {
		list_add(reading, &reading->environment, value);
	} else if (!reading->values[keyword].ptr) {
		reading->values[keyword] = value;
	}
}

static void take_lines(struct reading *reading, struct str text)
{
	struct str line, name;

	while (str_line(&text, &line)) {
		enum keyword keyword;

		if (str_word(&line, &name) && find_keyword(name, &keyword)) {
			line = str_trim(line);
			if (line.len > 0 && line.len <= VALUE_MAX &&
				!memchr(line.ptr, '\0', line.len)) {
				take_line(reading, keyword, line);
			}
		}
	}
}

/* --- fields --------------------------------------------------------------------------------- */

/* It was said, and is not "none". */
static bool is_given(const struct reading *reading, enum keyword keyword)
{
	struct str value = reading->values[keyword];

	return value.ptr && value.len > 0 && !str_case_eq(value, str_of("none"));
}

static const char *text_of(const struct reading *reading, enum keyword keyword)
{
	return is_given(reading, keyword) ? str_dup(reading->values[keyword], reading->arena)
					  : NULL;
}

/* Anything but no: "yes", "true", a path. */
static bool is_on(const struct reading *reading, enum keyword keyword, bool if_not_said)
{
	struct str value = reading->values[keyword];

	if (!value.ptr) {
		return if_not_said;
	}
	return is_given(reading, keyword) && !str_case_eq(value, str_of("no")) &&
	       !str_case_eq(value, str_of("false"));
}

static int bad(const struct reading *reading, const char *what, struct str value)
{
	return err_set(reading->err, ERR_INPUT, "bad %s '%s' in the SSH settings of '%s'", what,
		utf8_quote(value).text, utf8_quote(str_of(reading->context->alias)).text);
}

static int read_number(const struct reading *reading, enum keyword keyword, const char *what,
	int64_t max, int64_t *number)
{
	struct str value = reading->values[keyword];

	if (value.ptr && parse_int(value, 0, max, number, NULL) < 0) {
		return bad(reading, what, value);
	}
	return 0;
}

static int read_duration(
	const struct reading *reading, enum keyword keyword, const char *what, int64_t *ms)
{
	struct str value = reading->values[keyword];

	if (is_given(reading, keyword) && parse_duration(value, ms, NULL) < 0) {
		return bad(reading, what, value);
	}
	return 0;
}

static int read_target(struct reading *reading)
{
	const struct ssh_settings_context *context = reading->context;
	struct ssh_settings *settings = reading->settings;
	struct strbuf name = STRBUF_INIT;
	const char *said = text_of(reading, KEY_HOSTNAME);
	int64_t port = DEFAULT_PORT;

	strbuf_adds(&name, context->hostname ? context->hostname : said ? said : context->alias);
	for (size_t i = 0; i < name.len; i++) {
		name.buf[i] = char_lower(name.buf[i]);
	}
	settings->hostname = arena_strdup(reading->arena, name.buf);
	strbuf_release(&name);
	if (!ssh_names_is_host(str_of(settings->hostname))) {
		return bad(reading, "host name", str_of(settings->hostname));
	}
	if (read_number(reading, KEY_PORT, "port", UINT16_MAX, &port) < 0) {
		return -1;
	}
	if (port == 0) {
		return bad(reading, "port", str_of("0"));
	}
	settings->port = (uint16_t)port;
	settings->user = text_of(reading, KEY_USER);
	settings->user = settings->user ? settings->user : context->username;
	settings->alias = arena_strdup(reading->arena, context->alias);
	return 0;
}

/* "user@host:port", "[2001:db8::1]:22", "ssh://user@host:port" */
static int read_hop(struct reading *reading, struct str text, struct ssh_hop *ret_hop)
{
	struct str whole = text;
	struct ssh_hop hop = {0};
	size_t at, colon;
	int64_t port;

	if (str_starts(text, "ssh://")) {
		text = str_sub(text, strlen("ssh://"), text.len);
		text = str_sub(text, 0, str_find(text, '/', 0));
	}
	for (at = text.len; at > 0 && text.ptr[at - 1] != '@'; at--) {
	}
	if (at > 0) {
		hop.user = str_dup(str_sub(text, 0, at - 1), reading->arena);
		text = str_sub(text, at, text.len);
		if (hop.user[0] == '\0' || hop.user[0] == '-') {
			return bad(reading, "ProxyJump", whole);
		}
	}
	colon = str_find(text, ':', str_starts(text, "[") ? str_find(text, ']', 0) : 0);
	if (colon < text.len) {
		if (parse_int(str_sub(text, colon + 1, text.len), 1, UINT16_MAX, &port, NULL) < 0) {
			return bad(reading, "ProxyJump", whole);
		}
		hop.port = (uint16_t)port;
		text = str_sub(text, 0, colon);
	}
	if (str_starts(text, "[") && str_ends(text, "]")) {
		text = str_sub(text, 1, text.len - 2);
	}
	if (!ssh_names_is_host(text)) {
		return bad(reading, "ProxyJump", whole);
	}
	hop.host = str_dup(text, reading->arena);
	*ret_hop = hop;
	return 0;
}

static int read_hops(struct reading *reading)
{
	struct str rest = reading->values[KEY_PROXY_JUMP];
	struct ssh_hop *hops;
	struct str text;

	if (!is_given(reading, KEY_PROXY_JUMP)) {
		return 0;
	}
	hops = arena_calloc(reading->arena, SSH_HOPS_MAX, sizeof(*hops));
	reading->settings->hops = hops;
	while (str_split(&rest, ',', &text)) {
		if (reading->settings->hops_count == SSH_HOPS_MAX) {
			return bad(reading, "ProxyJump", reading->values[KEY_PROXY_JUMP]);
		}
		if (read_hop(reading, str_trim(text), &hops[reading->settings->hops_count++]) < 0) {
			return -1;
		}
	}
	return 0;
}

static int read_family(struct reading *reading)
{
	struct str value = reading->values[KEY_ADDRESS_FAMILY];

	if (!value.ptr || str_case_eq(value, str_of("any"))) {
		reading->settings->family = ADDRESS_ANY;
	} else if (str_case_eq(value, str_of("inet"))) {
		reading->settings->family = ADDRESS_IPV4;
	} else if (str_case_eq(value, str_of("inet6"))) {
		reading->settings->family = ADDRESS_IPV6;
	} else {
		return bad(reading, "AddressFamily", value);
	}
	return 0;
}

static int read_strictness(struct reading *reading)
{
	static const struct {
		const char *word;
		enum ssh_strictness strictness;
	} words[] = {
		{"ask", SSH_STRICT_ASK},
		{"yes", SSH_STRICT_YES},
		{"true", SSH_STRICT_YES},
		{"accept-new", SSH_STRICT_ACCEPT_NEW},
		{"no", SSH_STRICT_OFF},
		{"off", SSH_STRICT_OFF},
		{"false", SSH_STRICT_OFF},
	};
	struct str value = reading->values[KEY_STRICT];

	if (!value.ptr) {
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_case_eq(value, str_of(words[i].word))) {
			reading->settings->strictness = words[i].strictness;
			return 0;
		}
	}
	return bad(reading, "StrictHostKeyChecking", value);
}

static int read_clocks(struct reading *reading)
{
	struct ssh_settings *settings = reading->settings;
	int64_t count = 3;

	if (read_duration(reading, KEY_ALIVE_INTERVAL, "ServerAliveInterval",
		    &settings->alive_interval_ms) < 0 ||
		read_number(reading, KEY_ALIVE_COUNT, "ServerAliveCountMax", 1000, &count) < 0 ||
		read_duration(reading, KEY_CONNECT_TIMEOUT, "ConnectTimeout",
			&settings->connect_timeout_ms) < 0) {
		return -1;
	}
	settings->alive_count_max = (int)count;
	return 0;
}

enum need_for {
	NEED_ALWAYS,
	NEED_TO_LOG_IN, /* its key can be asked for without */
};

static void need(struct ssh_settings *settings, enum need_for what, const char *reason)
{
	settings->needs_openssh = reason;
	if (what == NEED_ALWAYS) {
		settings->key_needs_openssh = reason;
	}
}

static struct ssh_tokens tokens_of(const struct reading *reading)
{
	return (struct ssh_tokens){
		.alias = reading->settings->alias,
		.hostname = reading->settings->hostname,
		.user = reading->settings->user,
		.local_user = reading->context->username,
		.home = reading->context->home,
		.port = reading->settings->port,
	};
}

/* A value that cannot be expanded by us is one for ssh. */
static const char *expand(struct reading *reading, struct str value)
{
	const struct ssh_tokens tokens = tokens_of(reading);
	struct strbuf text = STRBUF_INIT_MAX(VALUE_MAX);
	const char *expanded = NULL;

	if (ssh_tokens_expand(value, &tokens, &text, NULL) == 0) {
		expanded = arena_strdup(reading->arena, text.buf);
	} else {
		need(reading->settings, NEED_ALWAYS,
			arena_printf(reading->arena, "the value '%s'", utf8_quote(value).text));
	}
	strbuf_release(&text);
	return expanded;
}

static void expand_into(struct reading *reading, struct list *list, struct str value)
{
	const char *expanded = expand(reading, value);

	if (expanded) {
		list_add(reading, list, str_of(expanded));
	}
}

static const char *const *ended(struct reading *reading, struct list *list)
{
	*VEC_PUSH_IN(reading->arena, list, items) = NULL;
	list->items_count--;
	return list->items;
}

static const char *const *expand_list(struct reading *reading, const struct list *list)
{
	struct list expanded = {0};

	for (size_t i = 0; i < list->items_count; i++) {
		struct str item = str_of(list->items[i]);

		if (!str_case_eq(item, str_of("none"))) {
			expand_into(reading, &expanded, item);
		}
	}
	return ended(reading, &expanded);
}

/* A path begins with it, or what becomes one; else it goes on behind a blank. */
static bool begins_path(struct str word)
{
	return memchr("/~%$.", word.ptr[0], strlen("/~%$."));
}

static bool is_there(struct reading *reading, struct str path)
{
	const struct ssh_tokens tokens = tokens_of(reading);
	struct strbuf text = STRBUF_INIT_MAX(VALUE_MAX);
	bool is_found = ssh_tokens_expand(path, &tokens, &text, NULL) == 0 &&
			text.dropped_bytes == 0 && access(text.buf, F_OK) == 0;

	strbuf_release(&text);
	return is_found;
}

/*
 * The next path of a list.  ssh prints lists without the quotes that blanks were in: the longest
 * that there is counts, and where there is none, words are one path up to the next that begins one.
 */
static bool next_path(struct reading *reading, struct str *rest, struct str *ret_path)
{
	struct str line = str_ltrim(*rest);
	struct str guess = {0}, found = {0};
	struct str after = line;
	struct str word;

	for (int words = 0; words < PATH_WORDS_MAX && str_word(&after, &word); words++) {
		struct str path = str_n(line.ptr, (size_t)(word.ptr + word.len - line.ptr));
		bool goes_on = guess.len + 1 + word.len == path.len && !begins_path(word);

		guess = words == 0 || goes_on ? path : guess;
		found = (words > 0 || after.len > 0) && is_there(reading, path) ? path : found;
	}
	*ret_path = found.len > 0 ? found : guess;
	*rest = str_sub(line, ret_path->len, line.len);
	return ret_path->len > 0;
}

static void expand_paths(
	struct reading *reading, enum keyword keyword, struct str if_not_said, struct list *list)
{
	struct str words = reading->values[keyword].ptr ? reading->values[keyword] : if_not_said;
	struct str word;

	if (reading->values[keyword].ptr && !is_given(reading, keyword)) {
		return;
	}
	while (next_path(reading, &words, &word)) {
		expand_into(reading, list, word);
	}
}

static void read_known_hosts(struct reading *reading)
{
	struct list files = {0};

	expand_paths(reading, KEY_USER_KNOWN_HOSTS,
		str_of("~/.ssh/known_hosts ~/.ssh/known_hosts2"), &files);
	reading->settings->user_known_hosts_file = files.items_count > 0 ? files.items[0] : NULL;
	expand_paths(reading, KEY_GLOBAL_KNOWN_HOSTS,
		str_of("/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2"), &files);
	reading->settings->known_hosts_files = ended(reading, &files);
}

static void read_identities(struct reading *reading)
{
	static const char *const defaults[] = {
		"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"};
	struct ssh_settings *settings = reading->settings;
	struct str agent = reading->values[KEY_IDENTITY_AGENT];
	const char *socket = reading->context->agent_socket;

	if (reading->identities.items_count == 0) {
		for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
			list_add(reading, &reading->identities, str_of(defaults[i]));
		}
	}
	settings->identity_files = expand_list(reading, &reading->identities);
	settings->certificate_files = expand_list(reading, &reading->certificates);
	settings->identities_only = is_on(reading, KEY_IDENTITIES_ONLY, false);
	if (agent.ptr && !str_is(agent, "SSH_AUTH_SOCK")) {
		socket = NULL;
		if (str_starts(agent, "$") && !str_starts(agent, "${")) {
			socket = getenv(str_dup(str_sub(agent, 1, agent.len), reading->arena));
		} else if (is_given(reading, KEY_IDENTITY_AGENT)) {
			socket = expand(reading, agent);
		}
	}
	settings->identity_agent = socket && *socket ? arena_strdup(reading->arena, socket) : NULL;
}

static void read_algorithms(struct reading *reading)
{
	struct ssh_settings *settings = reading->settings;
	const struct {
		enum keyword keyword;
		enum ssh_algorithms algorithms;
		const char **list;
	} rows[] = {
		{KEY_KEX, SSH_ALGORITHMS_KEX, &settings->kex},
		{KEY_HOST_KEY_ALGORITHMS, SSH_ALGORITHMS_HOST_KEY, &settings->host_keys},
		{KEY_CIPHERS, SSH_ALGORITHMS_CIPHER, &settings->ciphers},
		{KEY_MACS, SSH_ALGORITHMS_MAC, &settings->macs},
		{KEY_PUBKEY_ALGORITHMS, SSH_ALGORITHMS_USER_KEY, &settings->user_keys},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str value = reading->values[rows[i].keyword];
		struct strbuf common = STRBUF_INIT;

		/* "+name", "-name", "^name" are about a default that only ssh knows. */
		if (value.ptr && !memchr("+-^", value.ptr[0], 3)) {
			*rows[i].list = str_dup(value, reading->arena);
		}
		if (!ssh_algorithms_choose(rows[i].algorithms, *rows[i].list, &common)) {
			need(settings,
				rows[i].keyword == KEY_PUBKEY_ALGORITHMS ? NEED_TO_LOG_IN
									 : NEED_ALWAYS,
				arena_printf(reading->arena, "%s %s",
					ssh_algorithms_name(rows[i].algorithms),
					utf8_quote(value).text));
		}
		strbuf_release(&common);
	}
}

static void read_needs(struct reading *reading)
{
	static const struct {
		enum keyword keyword;
		enum need_for what;
		const char *reason;
	} rows[] = {
		{KEY_PROXY_COMMAND, NEED_ALWAYS, "ProxyCommand"},
		{KEY_PKCS11, NEED_TO_LOG_IN, "PKCS11Provider"},
		{KEY_KNOWN_HOSTS_COMMAND, NEED_ALWAYS, "KnownHostsCommand"},
		{KEY_REVOKED_HOST_KEYS, NEED_ALWAYS, "RevokedHostKeys"},
		{KEY_BIND_INTERFACE, NEED_ALWAYS, "BindInterface"},
	};
	struct ssh_settings *settings = reading->settings;
	struct str dns = reading->values[KEY_VERIFY_DNS];
	struct address address;

	if (settings->bind_address && !address_parse(str_of(settings->bind_address), 0, &address)) {
		need(settings, NEED_ALWAYS, "BindAddress"); /* a name */
	}
	if (is_on(reading, KEY_FORWARD_AGENT, false)) {
		need(settings, NEED_TO_LOG_IN, "ForwardAgent");
	}
	if (reading->context->has_ticket && is_on(reading, KEY_GSSAPI, false)) {
		need(settings, NEED_TO_LOG_IN, "GSSAPIAuthentication and a Kerberos ticket");
	}
	if (dns.ptr && (str_case_eq(dns, str_of("yes")) || str_case_eq(dns, str_of("true")))) {
		need(settings, NEED_TO_LOG_IN, "VerifyHostKeyDNS");
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (is_given(reading, rows[i].keyword)) {
			need(settings, rows[i].what, rows[i].reason);
		}
	}
}

static int read_fields(struct reading *reading)
{
	struct ssh_settings *settings = reading->settings;

	if (read_target(reading) < 0 || read_hops(reading) < 0 || read_family(reading) < 0 ||
		read_strictness(reading) < 0 || read_clocks(reading) < 0) {
		return -1;
	}
	settings->bind_address = text_of(reading, KEY_BIND_ADDRESS);
	settings->uses_publickey = is_on(reading, KEY_PUBKEY, true);
	settings->uses_password = is_on(reading, KEY_PASSWORD, true);
	settings->uses_keyboard_interactive = is_on(reading, KEY_KBDINTERACTIVE, true);
	settings->hashes_known_hosts = is_on(reading, KEY_HASH_KNOWN_HOSTS, false);
	if (is_given(reading, KEY_HOST_KEY_ALIAS)) {
		settings->host_key_alias = expand(reading, reading->values[KEY_HOST_KEY_ALIAS]);
	}
	read_known_hosts(reading);
	read_identities(reading);
	settings->environment = ended(reading, &reading->environment);
	read_algorithms(reading);
	read_needs(reading);
	return 0;
}

int ssh_settings_read(struct str text, const struct ssh_settings_context *context,
	struct arena *arena, struct ssh_settings *ret_settings, struct err *err)
{
	struct ssh_settings settings = {0};
	struct reading reading = {
		.context = context, .arena = arena, .settings = &settings, .err = err};

	take_lines(&reading, text);
	if (read_fields(&reading) < 0) {
		return -1;
	}
	*ret_settings = settings;
	return 0;
}

void ssh_settings_add_target(const struct ssh_settings *settings, struct strbuf *out)
{
	bool has_colon = strchr(settings->hostname, ':') != NULL;

	strbuf_addf(out, has_colon ? "[%s]:%u" : "%s:%u", settings->hostname, settings->port);
}
