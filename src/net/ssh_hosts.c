/*
 * The table of known hosts.  See ssh_hosts.h.
 *
 * Plain names are found by hashing.  Lines with patterns, and names that are hashed in the file,
 * have to be gone through for each name that is asked about; what was found for it is kept.
 */
#include "net/ssh_hosts.h"

#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/map.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "net/ssh_host_key.h"
#include "net/ssh_pattern.h"

enum {
	FILE_MAX = 64 << 20,
	DEFAULT_PORT = 22,
	SHA1_BYTES = 20,
	SHA1_BLOCK = 64,
	NAME_MAX_BYTES = 1024,
	LOCK_TRIES = 100,
	LOCK_PAUSE_US = 10000,
};

enum marker {
	MARKER_NONE,
	MARKER_AUTHORITY,
	MARKER_REVOKED,
};

/* A line. */
struct entry {
	enum marker marker;
	size_t order; /* of reading */
	const char *path;
	size_t line;
	struct str blob;
	struct str names;               /* if it has patterns */
	unsigned char salt[SHA1_BYTES]; /* if its name is hashed */
	unsigned char hash[SHA1_BYTES];
};

/* Lines, in the order of the files. */
struct lines {
	const struct entry **entries;
	size_t entries_count, entries_alloc;
};

struct ssh_hosts {
	struct arena *arena; /* entries and what they point to */
	struct map *files;   /* that were read */
	struct map *plain;   /* name -> struct lines */
	struct lines wild, hashed;
	struct map *found; /* name -> struct lines: all that are about it */
	size_t entries_count, lines_skipped;
	EVP_MD *sha1;
	EVP_MD_CTX *sha1_ctx;
};

struct ssh_hosts *ssh_hosts_new(void)
{
	struct ssh_hosts *hosts = xcalloc(1, sizeof(*hosts));

	*hosts = (struct ssh_hosts){
		.arena = arena_new(),
		.files = map_new(MAP_KEYS_COPIED),
		.plain = map_new(MAP_KEYS_COPIED),
		.found = map_new(MAP_KEYS_COPIED),
		.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL),
		.sha1_ctx = EVP_MD_CTX_new(),
	};
	if (!hosts->sha1 || !hosts->sha1_ctx) {
		abort(); /* out of memory, or an OpenSSL without SHA-1 */
	}
	return hosts;
}

static void lines_map_free(struct map *map)
{
	void *value;

	for (size_t pos = 0; map_next(map, &pos, NULL, &value);) {
		struct lines *lines = value;

		free(lines->entries);
		free(lines);
	}
	map_free(map);
}

void ssh_hosts_free(struct ssh_hosts **hosts_ptr)
{
	struct ssh_hosts *hosts = TAKE(*hosts_ptr);

	if (!hosts) {
		return;
	}
	lines_map_free(hosts->plain);
	lines_map_free(hosts->found);
	map_free(hosts->files);
	free(hosts->wild.entries);
	free(hosts->hashed.entries);
	EVP_MD_CTX_free(hosts->sha1_ctx);
	EVP_MD_free(hosts->sha1);
	arena_free(hosts->arena);
	free(hosts);
}

size_t ssh_hosts_lines_skipped(const struct ssh_hosts *hosts)
{
	return hosts->lines_skipped;
}

static void lines_add(struct lines *lines, const struct entry *entry)
{
	*VEC_PUSH(lines, entries) = entry;
}

static struct lines *lines_of(struct map *map, struct str name)
{
	struct lines *lines = map_get(map, name);

	if (!lines) {
		lines = xcalloc(1, sizeof(*lines));
		(void)map_set(map, name, lines);
	}
	return lines;
}

static void forget_found(struct ssh_hosts *hosts)
{
	if (map_count(hosts->found) > 0) {
		lines_map_free(hosts->found);
		hosts->found = map_new(MAP_KEYS_COPIED);
	}
}

static void sha1(
	struct ssh_hosts *hosts, const unsigned char *block, struct str text, unsigned char *digest)
{
	unsigned len = 0;

	if (EVP_DigestInit_ex2(hosts->sha1_ctx, hosts->sha1, NULL) != 1 ||
		EVP_DigestUpdate(hosts->sha1_ctx, block, SHA1_BLOCK) != 1 ||
		EVP_DigestUpdate(hosts->sha1_ctx, text.ptr, text.len) != 1 ||
		EVP_DigestFinal_ex(hosts->sha1_ctx, digest, &len) != 1 || len != SHA1_BYTES) {
		abort(); /* out of memory */
	}
}

/* HMAC-SHA1 (RFC 2104): a handle of OpenSSL's own HMAC takes ten times as long to make ready. */
static void hash_name(
	struct ssh_hosts *hosts, const unsigned char *salt, struct str name, unsigned char *hash)
{
	unsigned char block[SHA1_BLOCK];
	unsigned char inner[SHA1_BYTES];

	for (size_t i = 0; i < SHA1_BLOCK; i++) {
		block[i] = (i < SHA1_BYTES ? salt[i] : 0) ^ 0x36;
	}
	sha1(hosts, block, name, inner);
	for (size_t i = 0; i < SHA1_BLOCK; i++) {
		block[i] ^= 0x36 ^ 0x5c;
	}
	sha1(hosts, block, str_n((const char *)inner, sizeof(inner)), hash);
}

static bool decode_exactly(struct str text, unsigned char *bytes, size_t size)
{
	struct strbuf decoded = STRBUF_INIT_MAX(2 * SHA1_BYTES);
	bool is_good = base64_decode(text, &decoded, NULL) == 0 && decoded.len == size &&
		       decoded.dropped_bytes == 0;

	if (is_good) {
		memcpy(bytes, decoded.buf, size);
	}
	strbuf_release(&decoded);
	return is_good;
}

/* "|1|salt|hash" */
static bool read_hashed(struct str names, struct entry *entry)
{
	struct str rest = str_sub(names, 1, names.len);
	struct str magic, salt;

	return str_split(&rest, '|', &magic) && str_is(magic, "1") &&
	       str_split(&rest, '|', &salt) && rest.ptr &&
	       decode_exactly(salt, entry->salt, sizeof(entry->salt)) &&
	       decode_exactly(rest, entry->hash, sizeof(entry->hash));
}

static bool read_marker(struct str *rest, enum marker *ret_marker)
{
	struct str word;

	*ret_marker = MARKER_NONE;
	if (!str_starts(*rest, "@")) {
		return true;
	}
	(void)str_word(rest, &word);
	if (str_is(word, "@cert-authority")) {
		*ret_marker = MARKER_AUTHORITY;
	} else if (str_is(word, "@revoked")) {
		*ret_marker = MARKER_REVOKED;
	} else {
		return false;
	}
	return true;
}

static bool read_blob(
	struct ssh_hosts *hosts, struct str type, struct str text, struct str *ret_blob)
{
	struct strbuf blob = STRBUF_INIT;
	struct str real_type;
	bool is_good = base64_decode(text, &blob, NULL) == 0 &&
		       ssh_host_key_type(strbuf_str(&blob), &real_type) && str_eq(type, real_type);

	if (is_good) {
		*ret_blob = str_n(arena_strndup(hosts->arena, blob.buf, blob.len), blob.len);
	}
	strbuf_release(&blob);
	return is_good;
}

static bool names_are_wild(struct str names)
{
	struct str name;

	while (str_split(&names, ',', &name)) {
		if (ssh_pattern_is_wild(name)) {
			return true;
		}
	}
	return false;
}

static void lower(struct strbuf *text)
{
	for (size_t i = 0; i < text->len; i++) {
		text->buf[i] = char_lower(text->buf[i]);
	}
}

static void add_plain(struct ssh_hosts *hosts, struct str names, const struct entry *entry)
{
	struct strbuf low = STRBUF_INIT;
	struct str name;

	while (str_split(&names, ',', &name)) {
		struct lines *lines;

		strbuf_clear(&low);
		strbuf_addstr(&low, name);
		lower(&low);
		lines = lines_of(hosts->plain, strbuf_str(&low));
		/* The same name twice on a line is still one line. */
		if (lines->entries_count == 0 ||
			lines->entries[lines->entries_count - 1] != entry) {
			lines_add(lines, entry);
		}
	}
	strbuf_release(&low);
}

/* False: it is none. */
static bool read_line(struct ssh_hosts *hosts, struct str rest, const char *path, size_t number)
{
	struct entry line = {.path = path, .line = number};
	struct str names, type, key;
	bool is_hashed;
	struct entry *entry;

	if (!read_marker(&rest, &line.marker) || !str_word(&rest, &names) ||
		!str_word(&rest, &type) || !str_word(&rest, &key)) {
		return false;
	}
	is_hashed = str_starts(names, "|");
	if ((is_hashed && !read_hashed(names, &line)) || !read_blob(hosts, type, key, &line.blob)) {
		return false;
	}
	entry = arena_alloc(hosts->arena, sizeof(*entry));
	*entry = line;
	entry->order = hosts->entries_count++;
	if (is_hashed) {
		lines_add(&hosts->hashed, entry);
	} else if (names_are_wild(names)) {
		entry->names = str_n(arena_strndup(hosts->arena, names.ptr, names.len), names.len);
		lines_add(&hosts->wild, entry);
	} else {
		add_plain(hosts, names, entry);
	}
	return true;
}

void ssh_hosts_read_text(struct ssh_hosts *hosts, struct str text, const char *path)
{
	const char *kept_path = arena_strdup(hosts->arena, path);
	struct str line;

	forget_found(hosts);
	for (size_t number = 1; str_line(&text, &line); number++) {
		line = str_trim(line);
		if (line.len > 0 && line.ptr[0] != '#' &&
			!read_line(hosts, line, kept_path, number)) {
			hosts->lines_skipped++;
		}
	}
}

static bool is_null_device(const char *path)
{
	struct stat st, null;

	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) && stat("/dev/null", &null) == 0 &&
	       st.st_rdev == null.st_rdev;
}

int ssh_hosts_read(struct ssh_hosts *hosts, const char *path, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf content = STRBUF_INIT;
	struct err why = {0};

	if (map_has(hosts->files, str_of(path))) {
		return 0;
	}
	if (!is_null_device(path) && file_read(path, FILE_REGULAR, FILE_MAX, &content, &why) < 0 &&
		why.code != ERR_NOT_FOUND) {
		if (err) {
			*err = why;
		}
		return -1;
	}
	(void)map_set(hosts->files, str_of(path), hosts);
	ssh_hosts_read_text(hosts, strbuf_str(&content), path);
	return 0;
}

void ssh_hosts_add_name(struct strbuf *out, const struct ssh_hosts_name *name)
{
	struct strbuf text = STRBUF_INIT;

	if (name->port == 0 || name->port == DEFAULT_PORT) {
		strbuf_adds(&text, name->host);
	} else {
		strbuf_addf(&text, "[%s]:%u", name->host, name->port);
	}
	lower(&text);
	strbuf_addstr(out, strbuf_str(&text));
	strbuf_release(&text);
}

static int compare_order(const void *a, const void *b)
{
	const struct entry *const *left = a, *const *right = b;

	return (*left)->order < (*right)->order ? -1 : (*left)->order > (*right)->order;
}

static void find_hashed(struct ssh_hosts *hosts, struct str name, struct lines *lines)
{
	for (size_t i = 0; i < hosts->hashed.entries_count; i++) {
		const struct entry *entry = hosts->hashed.entries[i];
		unsigned char hash[SHA1_BYTES];

		hash_name(hosts, entry->salt, name, hash);
		if (memcmp(hash, entry->hash, sizeof(hash)) == 0) {
			lines_add(lines, entry);
		}
	}
}

/* All lines about a name, which is in lower case. */
static const struct lines *find(struct ssh_hosts *hosts, struct str name)
{
	struct lines *lines = map_get(hosts->found, name);
	const struct lines *plain = map_get(hosts->plain, name);

	if (lines) {
		return lines;
	}
	lines = lines_of(hosts->found, name);
	for (size_t i = 0; plain && i < plain->entries_count; i++) {
		lines_add(lines, plain->entries[i]);
	}
	for (size_t i = 0; i < hosts->wild.entries_count; i++) {
		if (ssh_pattern_list_matches(hosts->wild.entries[i]->names, name)) {
			lines_add(lines, hosts->wild.entries[i]);
		}
	}
	find_hashed(hosts, name, lines);
	if (lines->entries_count > 1) {
		qsort(lines->entries, lines->entries_count, sizeof(const struct entry *),
			compare_order);
	}
	return lines;
}

static const struct lines *find_name(struct ssh_hosts *hosts, const struct ssh_hosts_name *name)
{
	struct strbuf text = STRBUF_INIT;
	const struct lines *lines;

	ssh_hosts_add_name(&text, name);
	lines = find(hosts, strbuf_str(&text));
	strbuf_release(&text);
	return lines;
}

static struct ssh_hosts_finding finding_of(
	enum ssh_hosts_verdict verdict, const struct entry *entry)
{
	return (struct ssh_hosts_finding){.verdict = verdict,
		.path = entry ? entry->path : "",
		.line = entry ? entry->line : 0,
		.blob = entry ? entry->blob : str_n("", 0)};
}

static bool is_same_type(struct str blob, struct str other)
{
	struct str type, other_type;

	return ssh_host_key_type(blob, &type) && ssh_host_key_type(other, &other_type) &&
	       str_eq(type, other_type);
}

static const struct entry *find_key(const struct lines *lines, enum marker marker, struct str blob)
{
	for (size_t i = 0; i < lines->entries_count; i++) {
		if (lines->entries[i]->marker == marker && str_eq(lines->entries[i]->blob, blob)) {
			return lines->entries[i];
		}
	}
	return NULL;
}

/* Another key of the host, of the same type if there is one. */
static const struct entry *find_other(const struct lines *lines, struct str blob)
{
	const struct entry *other = NULL;

	for (size_t i = 0; i < lines->entries_count; i++) {
		const struct entry *entry = lines->entries[i];

		if (entry->marker != MARKER_NONE) {
			continue;
		}
		if (is_same_type(entry->blob, blob)) {
			return entry;
		}
		other = other ? other : entry;
	}
	return other;
}

static struct ssh_hosts_finding judge(const struct lines *lines, struct str blob)
{
	const struct entry *entry = find_key(lines, MARKER_REVOKED, blob);

	if (entry) {
		return finding_of(SSH_HOSTS_REVOKED, entry);
	}
	entry = find_key(lines, MARKER_NONE, blob);
	if (entry) {
		return finding_of(SSH_HOSTS_KNOWN, entry);
	}
	entry = find_other(lines, blob);
	return finding_of(entry ? SSH_HOSTS_CHANGED : SSH_HOSTS_UNKNOWN, entry);
}

struct ssh_hosts_finding ssh_hosts_check(
	struct ssh_hosts *hosts, const struct ssh_hosts_name *name, struct str blob)
{
	struct ssh_hosts_finding finding = judge(find_name(hosts, name), blob);
	struct ssh_hosts_finding without_port;

	if (name->port == 0 || name->port == DEFAULT_PORT || finding.verdict == SSH_HOSTS_REVOKED) {
		return finding;
	}
	without_port = judge(find_name(hosts, &(struct ssh_hosts_name){.host = name->host}), blob);
	if (without_port.verdict == SSH_HOSTS_REVOKED ||
		(without_port.verdict == SSH_HOSTS_KNOWN && finding.verdict == SSH_HOSTS_UNKNOWN)) {
		return without_port;
	}
	return finding;
}

static size_t tell_types(const struct lines *lines, ssh_hosts_type_fn *fn, void *arg)
{
	size_t told = 0;

	for (size_t i = 0; i < lines->entries_count; i++) {
		struct str type;

		if (lines->entries[i]->marker == MARKER_NONE &&
			ssh_host_key_type(lines->entries[i]->blob, &type)) {
			fn(arg, type);
			told++;
		}
	}
	return told;
}

void ssh_hosts_each_type(struct ssh_hosts *hosts, const struct ssh_hosts_name *name,
	ssh_hosts_type_fn *fn, void *arg)
{
	if (tell_types(find_name(hosts, name), fn, arg) == 0 && name->port != 0) {
		const struct ssh_hosts_name without_port = {.host = name->host};

		(void)tell_types(find_name(hosts, &without_port), fn, arg);
	}
}

bool ssh_hosts_has_authority(struct ssh_hosts *hosts, const struct ssh_hosts_name *name)
{
	const struct lines *lines = find_name(hosts, name);

	for (size_t i = 0; i < lines->entries_count; i++) {
		if (lines->entries[i]->marker == MARKER_AUTHORITY) {
			return true;
		}
	}
	return false;
}

void ssh_hosts_add_known(
	struct ssh_hosts *hosts, const struct ssh_hosts_name *name, struct str blob)
{
	struct entry *entry = arena_alloc(hosts->arena, sizeof(*entry));
	struct strbuf text = STRBUF_INIT;

	*entry = (struct entry){.order = hosts->entries_count++,
		.path = "",
		.blob = str_n(arena_strndup(hosts->arena, blob.ptr, blob.len), blob.len)};
	ssh_hosts_add_name(&text, name);
	lines_add(lines_of(hosts->plain, strbuf_str(&text)), entry);
	strbuf_release(&text);
	forget_found(hosts);
}

/* --- a line more ---------------------------------------------------------------------------- */

static bool is_plain_name(struct str host)
{
	for (size_t i = 0; i < host.len; i++) {
		if (host.ptr[i] <= ' ' || host.ptr[i] > '~' || strchr(",*?!|@#\"'", host.ptr[i])) {
			return false;
		}
	}
	return host.len > 0 && host.len <= NAME_MAX_BYTES;
}

static void add_hashed(struct strbuf *out, struct str name)
{
	struct ssh_hosts *hosts = ssh_hosts_new();
	unsigned char salt[SHA1_BYTES], hash[SHA1_BYTES];

	if (getrandom(salt, sizeof(salt), 0) != (ssize_t)sizeof(salt)) {
		abort(); /* so few bytes are never refused */
	}
	hash_name(hosts, salt, name, hash);
	strbuf_adds(out, "|1|");
	base64_add(out, str_n((const char *)salt, sizeof(salt)));
	strbuf_addc(out, '|');
	base64_add(out, str_n((const char *)hash, sizeof(hash)));
	ssh_hosts_free(&hosts);
}

static int make_line(struct strbuf *out, const struct ssh_hosts_name *name, struct str blob,
	bool is_hashed, struct err *err)
{
	struct strbuf text = STRBUF_INIT;
	struct str type;

	if (!is_plain_name(str_of(name->host))) {
		return err_set(err, ERR_INPUT, "'%s' is no name for a file of known hosts",
			utf8_quote(str_of(name->host)).text);
	}
	if (!ssh_host_key_type(blob, &type)) {
		return err_set(err, ERR_INPUT, "what '%s' showed is no key",
			utf8_quote(str_of(name->host)).text);
	}
	ssh_hosts_add_name(&text, name);
	if (is_hashed) {
		add_hashed(out, strbuf_str(&text));
	} else {
		strbuf_addstr(out, strbuf_str(&text));
	}
	strbuf_addf(out, " %.*s ", STR_ARG(type));
	base64_add(out, blob);
	strbuf_addc(out, '\n');
	strbuf_release(&text);
	return 0;
}

static int make_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	_cleanup_(freep) char *folder = NULL;

	if (!slash || slash == path) {
		return 0;
	}
	folder = xstrndup(path, (size_t)(slash - path));
	if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
		return err_set_errno(err, errno, "cannot make folder '%s'", folder);
	}
	return 0;
}

static int lock(int fd, const char *path, struct err *err)
{
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			return err_set_errno(err, errno, "cannot lock '%s'", path);
		}
		if (i == LOCK_TRIES) {
			return err_set(err, ERR_BUSY, "'%s' is locked by another process", path);
		}
		(void)usleep(LOCK_PAUSE_US);
	}
	return 0;
}

/* What is there ends with a newline, or there is nothing. */
static bool ends_well(int fd, off_t size)
{
	char last = '\n';

	return size == 0 || (pread(fd, &last, 1, size - 1) == 1 && last == '\n');
}

static int append(int fd, struct str line, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return err_set_errno(err, errno, "cannot write '%s'", path);
	}
	if (!S_ISREG(st.st_mode)) {
		return err_set(err, ERR_INPUT, "cannot write '%s': it is not a regular file", path);
	}
	if (lock(fd, path, err) < 0) {
		return -1;
	}
	if (fstat(fd, &st) < 0 ||
		(!ends_well(fd, st.st_size) && file_write_all(fd, str_of("\n")) < 0) ||
		file_write_all(fd, line) < 0 || fsync(fd) < 0) {
		err_set_errno(err, errno, "cannot write '%s'", path);
		/* Half a line would spoil the next; if even this fails, the error is told anyway.
		 */
		(void)!ftruncate(fd, st.st_size);
		return -1;
	}
	return 0;
}

int ssh_hosts_append(const char *path, const struct ssh_hosts_name *name, struct str blob,
	bool is_hashed, struct err *err)
{
	const int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	_cleanup_(strbuf_release) struct strbuf line = STRBUF_INIT;
	_cleanup_close_ int fd = -1;

	if (make_line(&line, name, blob, is_hashed, err) < 0 || make_folder(path, err) < 0) {
		return -1;
	}
	fd = open(path, flags, 0600);
	if (fd < 0) {
		return err_set_errno(err, errno, "cannot write '%s'", path);
	}
	return append(fd, strbuf_str(&line), path, err);
}
