/*
 * The table of known hosts: reading and finding.  See ssh_hosts.h.
 *
 * Plain names are found by hashing.  Lines with patterns, and names that are hashed in the file,
 * have to be gone through for each name that is asked about; what was found for it is kept, of so
 * many names as may be in hand at once.
 */
#include "net/ssh_hosts.h"

#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/map.h"
#include "base/time.h"
#include "base/vec.h"
#include "net/ssh_host_key.h"
#include "net/ssh_hosts_internal.h"
#include "net/ssh_pattern.h"

enum {
	FILE_MAX = 64 << 20,
	SHA1_BYTES = SSH_HOSTS_HASH_BYTES,
	SHA1_BLOCK = 64,
	LOOK_AGAIN_MS = 1000,
	FOUND_MAX = 512, /* names whose lines are kept: two for each host in hand */
};

/* A file as it was when it was read. */
struct file {
	char *path;
	bool is_there;
	struct stat st;
};

struct ssh_hosts {
	struct arena *arena; /* entries and what they point to */
	struct file *files;
	size_t files_count, files_alloc;
	int64_t looked_ms;           /* at the files */
	struct ssh_hosts_lines told; /* that stand in no file */
	struct map *plain;           /* name -> struct ssh_hosts_lines */
	struct ssh_hosts_lines wild, hashed;
	struct map *found; /* name -> struct ssh_hosts_lines: all that are about it */
	size_t entries_count, lines_skipped;
	EVP_MD *sha1;
	EVP_MD_CTX *sha1_ctx;
};

struct ssh_hosts *ssh_hosts_new(void)
{
	struct ssh_hosts *hosts = xcalloc(1, sizeof(*hosts));

	*hosts = (struct ssh_hosts){
		.arena = arena_new(),
		.looked_ms = time_mono_ms(),
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
		struct ssh_hosts_lines *lines = value;

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
	for (size_t i = 0; i < hosts->files_count; i++) {
		free(hosts->files[i].path);
	}
	free(hosts->files);
	free(hosts->told.entries);
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

static void lines_add(struct ssh_hosts_lines *lines, const struct ssh_hosts_entry *entry)
{
	*VEC_PUSH(lines, entries) = entry;
}

static struct ssh_hosts_lines *lines_of(struct map *map, struct str name)
{
	struct ssh_hosts_lines *lines = map_get(map, name);

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
void ssh_hosts_hash_name(
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
static bool read_hashed(struct str names, struct ssh_hosts_entry *entry)
{
	struct str rest = str_sub(names, 1, names.len);
	struct str magic, salt;

	return str_split(&rest, '|', &magic) && str_is(magic, "1") &&
	       str_split(&rest, '|', &salt) && rest.ptr &&
	       decode_exactly(salt, entry->salt, sizeof(entry->salt)) &&
	       decode_exactly(rest, entry->hash, sizeof(entry->hash));
}

static bool read_marker(struct str *rest, enum ssh_hosts_marker *ret_marker)
{
	struct str word;

	*ret_marker = SSH_HOSTS_MARKER_NONE;
	if (!str_starts(*rest, "@")) {
		return true;
	}
	(void)str_word(rest, &word);
	if (str_is(word, "@cert-authority")) {
		*ret_marker = SSH_HOSTS_MARKER_AUTHORITY;
	} else if (str_is(word, "@revoked")) {
		*ret_marker = SSH_HOSTS_MARKER_REVOKED;
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

static void add_plain(
	struct ssh_hosts *hosts, struct str names, const struct ssh_hosts_entry *entry)
{
	struct strbuf low = STRBUF_INIT;
	struct str name;

	while (str_split(&names, ',', &name)) {
		struct ssh_hosts_lines *lines;

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
	struct ssh_hosts_entry line = {.path = path, .line = number};
	struct str names, type, key;
	bool is_hashed;
	struct ssh_hosts_entry *entry;

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

static int read_file(struct ssh_hosts *hosts, struct file *file, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf content = STRBUF_INIT;
	struct err why = {0};

	file->is_there = stat(file->path, &file->st) == 0;
	if (!is_null_device(file->path) &&
		file_read(file->path, FILE_REGULAR, FILE_MAX, &content, &why) < 0 &&
		why.code != ERR_NOT_FOUND) {
		if (err) {
			*err = why;
		}
		return -1;
	}
	ssh_hosts_read_text(hosts, strbuf_str(&content), file->path);
	return 0;
}

static bool is_as_it_was(const struct file *file)
{
	struct stat now;

	if (stat(file->path, &now) < 0 || !file->is_there) {
		return !file->is_there && access(file->path, F_OK) < 0;
	}
	return now.st_dev == file->st.st_dev && now.st_ino == file->st.st_ino &&
	       now.st_size == file->st.st_size && now.st_mtim.tv_sec == file->st.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == file->st.st_mtim.tv_nsec;
}

static void add_told(struct ssh_hosts *hosts, struct str name, struct str blob);

/* Everything anew, in the order in which it was read. */
static int read_again(struct ssh_hosts *hosts, struct err *err)
{
	struct ssh_hosts *fresh = ssh_hosts_new();
	int rc = 0;

	for (size_t i = 0; i < hosts->told.entries_count; i++) {
		add_told(fresh, hosts->told.entries[i]->names, hosts->told.entries[i]->blob);
	}
	while (fresh->files_count < hosts->files_count) {
		struct file *file = VEC_PUSH(fresh, files);

		file->path = xstrdup(hosts->files[fresh->files_count - 1].path);
		if (read_file(fresh, file, err) < 0) {
			rc = -1;
			break;
		}
	}
	if (rc == 0) {
		struct ssh_hosts old = *hosts;

		*hosts = *fresh;
		*fresh = old;
	}
	ssh_hosts_free(&fresh);
	return rc;
}

static int look_again(struct ssh_hosts *hosts, struct err *err)
{
	int64_t now_ms = time_mono_ms();

	if (now_ms - hosts->looked_ms < LOOK_AGAIN_MS) {
		return 0;
	}
	hosts->looked_ms = now_ms;
	for (size_t i = 0; i < hosts->files_count; i++) {
		if (!is_as_it_was(&hosts->files[i])) {
			return read_again(hosts, err);
		}
	}
	return 0;
}

int ssh_hosts_read(struct ssh_hosts *hosts, const char *path, struct err *err)
{
	struct file file = {0};

	for (size_t i = 0; i < hosts->files_count; i++) {
		if (strcmp(hosts->files[i].path, path) == 0) {
			return look_again(hosts, err);
		}
	}
	file.path = xstrdup(path);
	if (read_file(hosts, &file, err) < 0) {
		free(file.path);
		return -1;
	}
	*VEC_PUSH(hosts, files) = file;
	return 0;
}

void ssh_hosts_add_name(struct strbuf *out, const struct ssh_hosts_name *name)
{
	struct strbuf text = STRBUF_INIT;

	if (name->port == 0 || name->port == SSH_HOSTS_DEFAULT_PORT) {
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
	const struct ssh_hosts_entry *const *left = a, *const *right = b;

	return (*left)->order < (*right)->order ? -1 : (*left)->order > (*right)->order;
}

static void find_hashed(struct ssh_hosts *hosts, struct str name, struct ssh_hosts_lines *lines)
{
	for (size_t i = 0; i < hosts->hashed.entries_count; i++) {
		const struct ssh_hosts_entry *entry = hosts->hashed.entries[i];
		unsigned char hash[SHA1_BYTES];

		ssh_hosts_hash_name(hosts, entry->salt, name, hash);
		if (memcmp(hash, entry->hash, sizeof(hash)) == 0) {
			lines_add(lines, entry);
		}
	}
}

/* All lines about a name, which is in lower case; valid until the next question. */
static const struct ssh_hosts_lines *find(struct ssh_hosts *hosts, struct str name)
{
	struct ssh_hosts_lines *lines = map_get(hosts->found, name);
	const struct ssh_hosts_lines *plain = map_get(hosts->plain, name);

	if (lines) {
		return lines;
	}
	if (map_count(hosts->found) >= FOUND_MAX) {
		forget_found(hosts);
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
		qsort(lines->entries, lines->entries_count, sizeof(const struct ssh_hosts_entry *),
			compare_order);
	}
	return lines;
}

const struct ssh_hosts_lines *ssh_hosts_find(
	struct ssh_hosts *hosts, const struct ssh_hosts_name *name)
{
	struct strbuf text = STRBUF_INIT;
	const struct ssh_hosts_lines *lines;

	ssh_hosts_add_name(&text, name);
	lines = find(hosts, strbuf_str(&text));
	strbuf_release(&text);
	return lines;
}

static void add_told(struct ssh_hosts *hosts, struct str name, struct str blob)
{
	struct ssh_hosts_entry *entry = arena_alloc(hosts->arena, sizeof(*entry));

	*entry = (struct ssh_hosts_entry){.order = hosts->entries_count++,
		.path = "",
		.names = str_n(arena_strndup(hosts->arena, name.ptr, name.len), name.len),
		.blob = str_n(arena_strndup(hosts->arena, blob.ptr, blob.len), blob.len)};
	lines_add(lines_of(hosts->plain, name), entry);
	lines_add(&hosts->told, entry);
	forget_found(hosts);
}

void ssh_hosts_add_known(
	struct ssh_hosts *hosts, const struct ssh_hosts_name *name, struct str blob)
{
	struct strbuf text = STRBUF_INIT;

	ssh_hosts_add_name(&text, name);
	add_told(hosts, strbuf_str(&text), blob);
	strbuf_release(&text);
}
