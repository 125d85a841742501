/*
 * Choosing servers.  See server_select.h.
 */
#include "cmd/server_select.h"

#include "base/map.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "conf/login_name.h"

bool server_is_asked(const struct server_opts *opts)
{
	return opts->file || opts->hosts.count > 0;
}

void server_add_selection(struct strbuf *out, const struct server_opts *opts)
{
	size_t begin = out->len;

	if (opts->file) {
		strbuf_addf(out, "--servers %s", opts->file);
	}
	for (size_t i = 0; i < opts->hosts.count; i++) {
		strbuf_addf(out, "%s--hosts %s", out->len > begin ? " " : "",
			OPTION_AT(&opts->hosts, const char *, i));
	}
}

/* A name that says a user or a port, and the next one of the same host. */
struct login {
	const char *name;
	struct login *next, *last; /* `last` of the first one */
};

struct selecting {
	const struct server_opts *opts;
	struct config *config;
	struct arena *arena;
	struct nodeset file;     /* of --servers */
	struct map *file_logins; /* host -> struct login, in the order of the file; NULL: no file */
	struct nodeset set;
	struct map *logins; /* the same of the whole set; NULL: nothing is to be left out */
	struct nodeset out; /* to be left out */
};

static struct map *logins_of(const struct nodeset *set, struct arena *arena)
{
	struct map *logins = map_new(MAP_KEYS_BORROWED);

	for (size_t i = 0; i < set->names_count; i++) {
		struct str host = login_name_host(str_of(set->names[i]));
		struct login *first = map_get(logins, host), *login;

		if (!login_name_is_more(str_of(set->names[i]))) {
			continue;
		}
		login = arena_calloc(arena, 1, sizeof(*login));
		*login = (struct login){.name = set->names[i], .last = login};
		if (first) {
			first->last->next = login;
			first->last = login;
		} else {
			(void)map_set(logins, host, login); /* there was none */
		}
	}
	return logins;
}

/* "::1" of "[::1]", which says neither a user nor a port. */
static struct str plain_name(const char *name)
{
	struct login_name login;

	return str_starts(str_of(name), "[") && login_name_parse(str_of(name), &login, NULL) == 0 &&
			       login.port == 0
		       ? login.host
		       : str_of(name);
}

static bool is_exclusion(struct str text)
{
	return str_starts(str_ltrim(text), "!");
}

/* How many bytes a name or range has, up to the comma or blank that joins it to another. */
static size_t term_len(struct str text)
{
	size_t depth = 0, len = 0;

	for (; len < text.len; len++) {
		char c = text.ptr[len];

		if (depth == 0 && (c == ',' || char_is_space(c))) {
			break;
		}
		depth += c == '[';
		depth -= c == ']' && depth > 0;
	}
	return len;
}

/* Of "!a,!b" takes "a", then "b"; false at the end. */
static bool take_exclusion(struct str *rest, struct str *ret_part)
{
	struct str text = str_ltrim(*rest), part;
	size_t end = str_find(text, '!', 1);

	if (text.len == 0) {
		return false;
	}
	part = str_trim(str_sub(text, 1, end - 1));
	*rest = str_sub(text, end, text.len);
	if (rest->len > 0 && str_ends(part, ",")) {
		part = str_rtrim(str_sub(part, 0, part.len - 1)); /* what joins it to the next */
	}
	*ret_part = part;
	return true;
}

/* What could mean two things, "!a&b" and "!a,b,!c", is no way to say where not to run. */
static int check_is_clear(struct str text, struct err *err)
{
	struct str rest = text, part;
	size_t count = 0;
	bool is_joined = false;

	if (str_contains(text, "&")) {
		return err_set(err, ERR_INPUT,
			"behind a '!' that begins a selection '&' could mean two things; name a "
			"group, or each server that is to be left out");
	}
	for (; take_exclusion(&rest, &part); count++) {
		is_joined |= term_len(part) < part.len;
	}
	if (count > 1 && is_joined) {
		return err_set(err, ERR_INPUT,
			"some names have a '!' of their own and some have none; write '!' before "
			"each that is to be left out, or only at the beginning");
	}
	return 0;
}

static int exclude_part(struct selecting *selecting, struct str part, struct err *err)
{
	struct nodeset set;

	if (inventory_select(selecting->config->inventory, part, selecting->arena, &set, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < set.names_count; i++) {
		(void)nodeset_add(&selecting->out, plain_name(set.names[i])); /* it may be there */
	}
	return 0;
}

/* All of them, whether "!a,b" or "!a,!b": the second takes nothing from the first. */
static int exclude(struct selecting *selecting, struct str text, struct err *err)
{
	struct str rest = text, part;
	int result = check_is_clear(text, err);

	while (result == 0 && take_exclusion(&rest, &part)) {
		result = exclude_part(selecting, part, err);
	}
	return result == 0 ? 0 : err_wrap(err, "--hosts '%s'", utf8_quote(text).text);
}

static bool takes_out(const struct selecting *selecting, const struct nodeset *out)
{
	for (size_t i = 0; i < out->names_count; i++) {
		struct str name = plain_name(out->names[i]);

		if (nodeset_contains(&selecting->set, name) || map_has(selecting->logins, name)) {
			return true;
		}
	}
	return false;
}

/* One name or range; groups change, and need not have to do with each other. */
static int check_term(struct selecting *selecting, struct str term, struct err *err)
{
	struct nodeset out;

	if (term.len == 0 || str_starts(term, "@")) {
		return 0;
	}
	if (inventory_select(selecting->config->inventory, term, selecting->arena, &out, err) < 0) {
		return err_wrap(err, "--hosts '!%s'", utf8_quote(term).text);
	}
	if (takes_out(selecting, &out)) {
		return 0;
	}
	(void)nodeset_fail_idle(&selecting->set, term, selecting->arena, err); /* as it says */
	return err_wrap(err, "--hosts");
}

/* Names and ranges that are joined count each by itself. */
static int check_part(struct selecting *selecting, struct str part, struct err *err)
{
	while (part.len > 0) {
		size_t len = term_len(part);

		if (check_term(selecting, str_sub(part, 0, len), err) < 0) {
			return -1;
		}
		part = str_sub(part, len + 1, part.len);
	}
	return 0;
}

/* Who is named to be left out has to be in: else the command runs where it was not to. */
static int check_exclusions(struct selecting *selecting, struct err *err)
{
	const struct option_list *hosts = &selecting->opts->hosts;

	for (size_t i = 0; i < hosts->count; i++) {
		struct str rest = str_of(OPTION_AT(hosts, const char *, i)), part;

		if (!is_exclusion(rest)) {
			continue;
		}
		if (!selecting->logins) {
			selecting->logins = logins_of(&selecting->set, selecting->arena);
		}
		while (take_exclusion(&rest, &part)) {
			if (check_part(selecting, part, err) < 0) {
				return -1;
			}
		}
	}
	return 0;
}

/* Of the file, the server of that name, and if it says neither user nor port all logins there. */
static int choose(struct selecting *selecting, const char *name, struct err *err)
{
	struct str plain = plain_name(name);
	const struct login *login = map_get(selecting->file_logins, plain);
	bool is_there = nodeset_contains(&selecting->file, plain);

	if (!is_there && !login) {
		return err_set(err, ERR_INPUT, "--hosts: '%s' is not in '%s'", name,
			utf8_quote(str_of(selecting->opts->file)).text);
	}
	if (is_there) {
		(void)nodeset_add(&selecting->set, plain); /* it counts */
	}
	for (; login; login = login->next) {
		(void)nodeset_add(&selecting->set, str_of(login->name));
	}
	return 0;
}

static int include_name(struct selecting *selecting, const char *name, struct err *err)
{
	if (selecting->opts->file) {
		return choose(selecting, name, err);
	}
	(void)nodeset_add(&selecting->set, str_of(name)); /* it counts */
	return 0;
}

static int include(struct selecting *selecting, struct str text, struct err *err)
{
	struct nodeset set;

	if (inventory_select(selecting->config->inventory, text, selecting->arena, &set, err) < 0 ||
		nodeset_check_idle(&set, selecting->arena, err) < 0) {
		return err_wrap(err, "--hosts");
	}
	for (size_t i = 0; i < set.names_count; i++) {
		if (include_name(selecting, set.names[i], err) < 0) {
			return -1;
		}
	}
	return set.repeated ? include_name(selecting, set.repeated, err) : 0;
}

static int read_file(struct selecting *selecting, struct err *err)
{
	if (inventory_select_file(selecting->config->inventory, selecting->opts->file,
		    selecting->arena, &selecting->file, err) < 0) {
		return err_wrap(err, "--servers");
	}
	selecting->file_logins = logins_of(&selecting->file, selecting->arena);
	return 0;
}

static int read_hosts(struct selecting *selecting, struct err *err)
{
	const struct option_list *hosts = &selecting->opts->hosts;
	bool has_inclusion = false;

	for (size_t i = 0; i < hosts->count; i++) {
		struct str text = str_of(OPTION_AT(hosts, const char *, i));
		bool is_out = is_exclusion(text);

		has_inclusion |= !is_out;
		if ((is_out ? exclude : include)(selecting, text, err) < 0) {
			return -1;
		}
	}
	if (has_inclusion) {
		return 0;
	}
	if (!selecting->opts->file) {
		return err_set(err, ERR_INPUT,
			"--hosts: nothing to exclude from: say which servers, too, as in --hosts "
			"@all");
	}
	selecting->set = selecting->file;
	return 0;
}

static int leave_out(struct selecting *selecting, struct nodeset *ret_set, struct err *err)
{
	const struct nodeset *set = &selecting->set;

	if (selecting->out.names_count == 0 && set->names_count > 0) {
		*ret_set = *set;
		return 0;
	}
	nodeset_init(ret_set, selecting->arena);
	for (size_t i = 0; i < set->names_count; i++) {
		if (!nodeset_covers(&selecting->out, str_of(set->names[i]))) {
			(void)nodeset_add(ret_set, str_of(set->names[i])); /* each is new */
		}
	}
	ret_set->repeats = set->repeats;
	ret_set->repeated = set->repeated;
	if (ret_set->names_count == 0) {
		return err_set(err, ERR_INPUT, "the selection matches no server: all are left out");
	}
	return 0;
}

/* What the name says goes before all else. */
static struct fleet_host host_of(const char *name, const struct config *config,
	const struct ssh_options *ssh, struct arena *arena)
{
	const struct inventory_host *known = inventory_find(config->inventory, name);
	struct login_name login = {.host = str_of(name)};
	struct fleet_host host = {.name = name};

	if (login_name_is_more(str_of(name)) && login_name_parse(str_of(name), &login, NULL) == 0) {
		host.host = str_dup(login.host, arena);
		known = known ? known : inventory_find(config->inventory, host.host);
	}
	host.address = known ? known->address : NULL;
	host.username = login.username.len > 0 ? str_dup(login.username, arena)
					       : ssh_options_username(ssh, known);
	host.port = login.port || !known ? login.port : (uint16_t)known->port;
	return host;
}

/* Is the login the same as that of a host before it, though written in another way? */
static bool is_repeated(const struct fleet_host *host, struct map *logins, struct arena *arena)
{
	const char *key = arena_printf(arena, "%s@%s:%u", host->username ? host->username : "",
		host->host ? host->host : host->name, host->port);
	bool is_there = map_has(logins, str_of(key));

	(void)map_set(logins, str_of(key), NULL); /* it may be there */
	return is_there;
}

static void finish(const struct nodeset *set, const struct config *config,
	const struct ssh_options *ssh, struct arena *arena, struct server_selection *selection)
{
	struct map *logins = map_new(MAP_KEYS_BORROWED);

	*selection = (struct server_selection){
		.hosts = arena_calloc(arena, set->names_count, sizeof(*selection->hosts)),
	};
	nodeset_init(&selection->set, arena);
	selection->set.repeats = set->repeats;
	selection->set.repeated = set->repeated;
	for (size_t i = 0; i < set->names_count; i++) {
		struct fleet_host host = host_of(set->names[i], config, ssh, arena);

		if (is_repeated(&host, logins, arena)) {
			selection->set.repeats++;
			selection->set.repeated =
				selection->set.repeated ? selection->set.repeated : host.name;
			continue;
		}
		(void)nodeset_add(&selection->set, str_of(host.name)); /* each is new */
		selection->hosts[selection->hosts_count++] = host;
	}
	map_free(logins);
	selection->folded = nodeset_fold(&selection->set, arena);
}

static int selecting_work(struct selecting *selecting, struct nodeset *ret_set, struct err *err)
{
	if ((selecting->opts->file && read_file(selecting, err) < 0) ||
		read_hosts(selecting, err) < 0 || check_exclusions(selecting, err) < 0 ||
		leave_out(selecting, ret_set, err) < 0) {
		return -1;
	}
	return inventory_check(selecting->config->inventory, err);
}

int server_select(const struct server_opts *opts, struct config *config,
	const struct ssh_options *ssh, struct arena *arena, struct server_selection *ret_selection,
	struct err *err)
{
	struct selecting selecting = {.opts = opts, .config = config, .arena = arena};
	struct nodeset set;
	int result;

	if (!server_is_asked(opts)) {
		return err_set(
			err, ERR_INPUT, "which servers? say --servers FILE or --hosts SELECTION");
	}
	nodeset_init(&selecting.file, arena);
	nodeset_init(&selecting.set, arena);
	nodeset_init(&selecting.out, arena);
	result = selecting_work(&selecting, &set, err);
	map_free(selecting.file_logins);
	map_free(selecting.logins);
	if (result == 0) {
		finish(&set, config, ssh, arena, ret_selection);
	}
	return result;
}

int server_select_names(const char *const *names, size_t count, const char *file,
	struct config *config, const struct ssh_options *ssh, struct arena *arena,
	struct server_selection *ret_selection, struct err *err)
{
	struct nodeset set;

	if (file && inventory_read_file(config->inventory, file, err) < 0) {
		return err_wrap(err, "--servers");
	}
	if (inventory_check(config->inventory, err) < 0) {
		return -1;
	}
	nodeset_init(&set, arena);
	for (size_t i = 0; i < count; i++) {
		(void)nodeset_add(&set, str_of(names[i])); /* it may be there */
	}
	finish(&set, config, ssh, arena, ret_selection);
	return 0;
}

void server_add_repeats(struct strbuf *out, const struct server_selection *selection)
{
	const struct nodeset *set = &selection->set;

	if (set->repeats == 1) {
		strbuf_addf(out, "%s is named twice, and counts once", set->repeated);
	} else if (set->repeats > 1) {
		strbuf_addf(out, "%s and others are named more than once, and count once",
			set->repeated);
	}
}
