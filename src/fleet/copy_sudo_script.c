/*
 * The texts of the programs, and what is said to them.  See copy_sudo_script.h.
 */
#include "fleet/copy_sudo_script.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "fleet/copy_litter.h"
#include "fleet/copy_path.h"
#include "fleet/copy_put.h"

// clang-format off
#define SUMS \
	"if sha256sum </dev/null >/dev/null 2>&1; then s() { sha256sum; }\n" \
	"elif shasum -a 256 </dev/null >/dev/null 2>&1; then s() { shasum -a 256; }\n" \
	"else s() { openssl dgst -sha256 -r; }\n" \
	"fi\n" \
	"sum() { h=$(s <\"$1\" 2>/dev/null) && h=${h%% *} || h=-; }\n"

const char copy_sudo_look[] =
	SUMS
	"about() { stat -c '%a %u %g %U %G' \"$1\"; }\n"
	"while IFS= read -r l; do\n"
	"p=${l#?}\n"
	"case $l in\n"
	"l*) [ -L \"$p\" ] && { printf 'link %s\\n' \"$(readlink \"$p\")\"; continue; };;\n"
	"esac\n"
	"if [ -f \"$p\" ]; then sum \"$p\"; echo \"file $(about \"$(readlink -f \"$p\")\") $h\"\n"
	"elif [ -d \"$p\" ]; then echo \"folder $(about \"$p/\")\"\n"
	"elif [ -e \"$p\" ] || [ -L \"$p\" ]; then echo other\n"
	"else echo none\n"
	"fi\n"
	"done\n";

/* As copy_temporary() and copy_litter.h have them. */
#define NAME_KEPT "217"
#define STILL_S "600"
#define BACKUPS_MAX "100"
#define BYTES_PER_S "5000000"
static_assert(COPY_LITTER_STILL_S == 600, "it is in the program");
static_assert(COPY_BACKUPS_MAX == 100, "it is in the program");

/* COPY_DIFF_MAX */
#define MOST "262144"
static_assert(COPY_DIFF_MAX == 262144, "it is in the program");

const char copy_sudo_show[] =
	"while IFS= read -r p; do\n"
	"if [ -f \"$p\" ] && [ -r \"$p\" ] && [ \"$(head -c " MOST " \"$p\" | wc -c)\" -lt " MOST " ]\n"
	"then head -c " MOST " \"$p\" | od -An -v -tx1 | tr -d ' \\n'; echo\n"
	"else echo -\n"
	"fi\n"
	"done\n";

/*
 * t is what is not in place yet, ".NAME.<of its content>-<salt>.copying" as copy_temporary() has it.
 * What else is called so beside it was left by an earlier one; z says whether there is any.
 */
const char copy_sudo_place[] =
	"LC_ALL=C\n"
	"export LC_ALL\n"
	SUMS
	"t=\n"
	"trap '[ ! \"$t\" ] || rm -f \"$t\"' EXIT\n"
	"trap 'exit 143' HUP INT TERM\n"
	"line() { IFS= read -r v || exit 0; }\n"
	/* What commands say goes into the answer, on one line. */
	"ask() { e=$(\"$@\" 2>&1 </dev/null) || { e=$(echo \"$e\" | tr '\\n' ' '); return 1; }; }\n"
	"owner() {\n"
	"[ ! \"$o$g\" ] || { ask chown \"$o${g:+:$g}\" \"$1\"; return; }\n"
	"[ ! \"$2\" ] || ask chown \"$2\" \"$1\"\n"
	"}\n"
	"beside() {\n"
	"d=${1%/*}\n"
	"[ \"$d\" != \"$1\" ] || d=.\n"
	"[ \"$d/\" = \"$y\" ] || {\n"
	"y=$d/ z=\n"
	"for q in \"$d\"/.*.copying; do [ ! -f \"$q\" ] || z=1; done\n"
	"}\n"
	"n=${1##*/}\n"
	"while [ ${#n} -gt " NAME_KEPT " ]; do n=${n%?}; done\n"
	"t=$d/.$n.${2%\"${2#????????????}\"}-$x.copying\n"
	"}\n"
	/* Of root alone, or with what it was to have; by the clock that wrote the new one. */
	"tidy() {\n"
	"[ \"$z\" ] || return 0\n"
	"u='[0-9a-f]'\n"
	"i=$(id -u) w=$(stat -c '%u %a' \"$r\") v=$(stat -c %Y \"$r\") || return 0\n"
	"for q in \"$d/.$n.\"$u$u$u$u$u$u$u$u$u$u$u$u-$u$u$u$u$u$u$u$u.copying; do\n"
	"[ -f \"$q\" ] && [ ! -L \"$q\" ] || continue\n"
	"case $(stat -c '%u %a' \"$q\") in \"$i 600\"|\"$w\") ;; *) continue;; esac\n"
	"l=$(stat -c '%Y+%s/" BYTES_PER_S "+" STILL_S "' \"$q\") || continue\n"
	"[ $(($l)) -ge $v ] || rm -f \"$q\"\n"
	"done\n"
	"}\n"
	/* Only "~" is one for all times: with a time it takes no name that is taken, by a link, or
	 * where there are none by a file that is made anew. */
	"save() {\n"
	"[ \"$b\" != '~' ] || {\n"
	"[ ! -d \"$r~\" ] || { e=\"'$r~' is a folder\"; return 1; }\n"
	"ask ln -f \"$r\" \"$r~\" || ask cp -p \"$r\" \"$r~\"\n"
	"return\n"
	"}\n"
	"q=$r$b\n"
	"while :; do\n"
	"if [ ! -e \"$q\" ] && [ ! -L \"$q\" ]; then\n"
	"ask ln \"$r\" \"$q\" && return 0\n"
	"if ask sh -Cc 'umask 077; : >\"$1\"' sh \"$q\"; then\n"
	"ask cp -p \"$r\" \"$q\" || { rm -f \"$q\"; return 1; }\n"
	"return 0\n"
	"fi\n"
	"[ -e \"$q\" ] || [ -L \"$q\" ] || return 1\n"
	"fi\n"
	"j=$((${j:-0} + 1))\n"
	"q=$r${b%?}.$j~\n"
	"[ $j -lt " BACKUPS_MAX " ] || { e=\"there are $j backups of '$r' of this second\"; return 1; }\n"
	"done\n"
	"}\n"
	"put() {\n"
	"r=$(readlink -f \"$p\") && [ \"$r\" ] || { e='there is no such folder'; return 1; }\n"
	"[ ! -d \"$r\" ] || { e='it is a folder there'; return 1; }\n"
	"w=\n"
	"[ ! -e \"$r\" ] || w=$(stat -c '%u:%g' \"$r\")\n"
	"beside \"$r\" $c\n"
	"ask sh -Cc 'umask 077; : >\"$1\"' sh \"$t\" || { t=; return 1; }\n"
	"ask sh -c 'cat \"$1\" >\"$2\"' sh \"$f/$a\" \"$t\" || return 1\n"
	"sum \"$t\"\n"
	"[ \"$h\" = \"$c\" ] || { e='the checksum of what has arrived is wrong'; return 1; }\n"
	"sync \"$t\" 2>/dev/null || sync\n"
	"owner \"$t\" \"$w\" && ask chmod \"$m\" \"$t\" || return 1\n"
	"if [ \"$b\" ] && [ \"$w\" ]; then save || return 1; fi\n"
	"ask mv -f \"$t\" \"$r\" || return 1\n"
	"t=\n"
	"tidy 2>/dev/null\n"
	"return 0\n"
	"}\n"
	"folder() { ask mkdir \"$p\" && owner \"$p\" '' && ask chmod \"$m\" \"$p\"; }\n"
	"attributes() { owner \"$p\" '' && ask chmod \"$m\" \"$p\"; }\n"
	"link() {\n"
	"[ ! -d \"$p\" ] || [ -L \"$p\" ] || { e='it is a folder there'; return 1; }\n"
	"beside \"$p\" 000000000000\n"
	"ask ln -s -- \"$c\" \"$t\" || { t=; return 1; }\n"
	/* mv would go into the folder that a link leads to */
	"[ ! -L \"$p\" ] || ask rm -f \"$p\" || return 1\n"
	"ask mv -f \"$t\" \"$p\" || return 1\n"
	"t=\n"
	"}\n"
	"y= z=\n"
	"line; f=$v\n"
	"line; x=$v\n"
	"line; o=$v\n"
	"line; g=$v\n"
	"line; b=$v\n"
	"while line; do\n"
	"k=$v\n"
	"line; p=$v\n"
	"line; m=$v\n"
	"line; a=$v\n"
	"line; c=$v\n"
	"e= j=\n"
	"if $k; then echo \"ok${j:+ $j}\"; else echo \"! $e\"; [ ! \"$t\" ] || rm -f \"$t\"; t=; fi\n"
	"done\n";
// clang-format on

/* --- what it says --------------------------------------------------------------------------- */

static bool take_about(struct str *rest, struct copy_sudo_seen *seen)
{
	struct str mode;

	seen->mode = 0;
	if (!str_word(rest, &mode) || !str_word(rest, &seen->uid) || !str_word(rest, &seen->gid) ||
		!str_word(rest, &seen->user) || !str_word(rest, &seen->group) || mode.len > 5) {
		return false;
	}
	for (size_t i = 0; i < mode.len; i++) {
		if (mode.ptr[i] < '0' || mode.ptr[i] > '7') {
			return false;
		}
		seen->mode = seen->mode * 8 + (uint32_t)(mode.ptr[i] - '0');
	}
	return true;
}

bool copy_sudo_parse_seen(struct str line, struct copy_sudo_seen *ret_seen)
{
	struct copy_sudo_seen seen = {.target = str_of("")};
	struct str rest = line, word;

	if (str_starts(line, "link ")) {
		seen.is = COPY_SUDO_LINK;
		seen.target = str_sub(line, 5, line.len);
		*ret_seen = seen;
		return true;
	}
	if (!str_word(&rest, &word)) {
		return false;
	}
	if (str_is(word, "none")) {
		seen.is = COPY_SUDO_NONE;
	} else if (str_is(word, "other")) {
		seen.is = COPY_SUDO_OTHER;
	} else if (str_is(word, "folder") && take_about(&rest, &seen)) {
		seen.is = COPY_SUDO_FOLDER;
	} else if (str_is(word, "file") && take_about(&rest, &seen) && str_word(&rest, &word)) {
		seen.is = COPY_SUDO_FILE;
		if (copy_sum_is(word)) {
			memcpy(seen.sum.hex, word.ptr, COPY_SUM_LEN);
		}
	} else {
		return false;
	}
	*ret_seen = seen;
	return true;
}

static int digit(char c)
{
	if (char_is_digit(c)) {
		return c - '0';
	}
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool copy_sudo_parse_content(struct str line, struct strbuf *out)
{
	if (line.len % 2 != 0) {
		return false;
	}
	for (size_t i = 0; i < line.len; i += 2) {
		int high = digit(line.ptr[i]), low = digit(line.ptr[i + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		strbuf_addc(out, (char)(unsigned char)(high * 16 + low));
	}
	return true;
}

bool copy_sudo_parse_placed(struct str line, int *ret_number)
{
	int64_t number = 0;

	if (str_starts(line, "ok ") &&
		parse_int(str_sub(line, 3, line.len), 1, COPY_BACKUPS_MAX - 1, &number, NULL) < 0) {
		return false;
	}
	if (number == 0 && !str_is(line, "ok")) {
		return false;
	}
	*ret_number = (int)number;
	return true;
}

/* --- what is said to it --------------------------------------------------------------------- */

bool copy_sudo_can_say(const char *path)
{
	return strchr(path, '\n') == NULL;
}

static void add_line(struct strbuf *out, const char *text)
{
	strbuf_adds(out, text ? text : "");
	strbuf_addc(out, '\n');
}

/* No path is an option. */
static void add_path(struct strbuf *out, const char *path)
{
	strbuf_adds(out, path[0] == '/' ? "" : "./");
	add_line(out, path);
}

void copy_sudo_add_question(struct strbuf *out, const char *path)
{
	add_path(out, path);
}

void copy_sudo_add_settings(struct strbuf *out, const struct copy_sudo_settings *settings)
{
	add_path(out, settings->staged);
	add_line(out, settings->salt);
	add_line(out, settings->owner);
	add_line(out, settings->group);
	add_line(out, settings->backup);
}

static void add_work(struct strbuf *out, const char *what, const char *path, uint32_t mode)
{
	add_line(out, what);
	add_path(out, path);
	strbuf_addf(out, "%04" PRIo32 "\n", mode);
}

void copy_sudo_add_folder(struct strbuf *out, const char *path, uint32_t mode)
{
	add_work(out, "folder", path, mode);
	strbuf_adds(out, "\n\n");
}

void copy_sudo_add_link(struct strbuf *out, const char *path, const char *target)
{
	add_work(out, "link", path, 0);
	strbuf_addc(out, '\n');
	add_line(out, target);
}

void copy_sudo_add_attributes(struct strbuf *out, const char *path, uint32_t mode)
{
	add_work(out, "attributes", path, mode);
	strbuf_adds(out, "\n\n");
}

void copy_sudo_add_file(struct strbuf *out, const char *path, uint32_t mode, const char *name,
	const struct copy_sum *sum)
{
	add_work(out, "put", path, mode);
	add_line(out, name);
	add_line(out, sum->hex);
}
