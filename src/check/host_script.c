/*
 * The text of the program.  See host_script.h.
 *
 * It is sent for each check, so its comments stay here.  It ends in the call of its last line: a
 * text that was cut on the way does nothing.
 *
 * n: begins the lines that name sections.  r: in front of paths.  w, v: seconds between the
 * samples, as a fraction and in whole seconds, where `sleep` knows no others.  z: seconds until the
 * end.
 */
#include "check/host_script.h"

// clang-format off
const char host_script[] =
	"q='\n'\n"
	"t() { printf '\\n%s %s\\n' $n $1; }\n"
	"f() { [ ! -r \"$2\" ] || { t $1; cat \"$2\"; }; }\n"
	"line() { IFS= read -r l || exit 1; }\n"

	/* A text of several lines. */
	"text() {\n"
	"line; k=$l; line; x=$l\n"
	"while [ $k -gt 1 ]; do line; x=$x$q$l; k=$((k-1)); done\n"
	"}\n"

	/* Prints the pid of its `sleep`; whoever kills that calls it off. */
	"dog() {\n"
	"sleep $z >/dev/null & echo $!\n"
	"exec >/dev/null\n"
	"wait $! && kill -9 $$\n"
	"}\n"

	/* More processes than fit into the arguments of one `cat` end in 126; one that has just gone, in
	 * 1. */
	"list() {\n"
	"cat $r/proc/[0-9]*/stat\n"
	"[ $? -ge 126 ] || return\n"
	"for d in 1 2 3 4 5 6 7 8 9; do\n"
	"cat $r/proc/$d*/stat\n"
	"[ $? -lt 126 ] || { t incomplete; break; }\n"
	"done\n"
	"}\n"

	/* Of each line of /proc/PID/stat what is looked at: pid, name, state, parent, resident pages. */
	"processes() {\n"
	"[ -r $r/proc/1/stat ] || return\n"
	"t processes\n"
	"list | {\n"
	"sed 's/^\\([0-9]* (.*) [^ ]* [^ ]*\\)\\( [^ ]*\\)\\{19\\}\\( [^ ]*\\).*/"
	"\\1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\\3/' || cat\n"
	"}\n"
	"}\n"

	/* The arguments of those that were sent before, and hang to this day; a line each. */
	"hung() {\n"
	"for s in $(grep -l -e '(stat) D' -e '(df) D' $r/proc/[0-9]*/stat); do\n"
	"h=$h$q$(tr '\\0' '\\n' <${s%stat}cmdline)\n"
	"done\n"
	"h=$h$q\n"
	"}\n"

	/* Every m-th of the mount points, one after the other: b, it is asked; a, what it said. */
	"chain() {\n"
	"c=$1; shift\n"
	"i=0\n"
	"for p in \"$@\"; do\n"
	"if [ $((i%m)) = $c ]; then\n"
	"case $h in\n"
	"*\"$q$p$q\"*) echo \"a $i stuck\";;\n"
	"*)\n"
	"echo \"b $i\"\n"
	"x=$(exec $a \"$p\" 2>&1)\n"
	"printf 'a %s %s\\n' $i \"${x##*$q}\";;\n"
	"esac\n"
	"fi\n"
	"i=$((i+1))\n"
	"done\n"
	"echo \"e $c\"\n"
	"}\n"

	"has() { command -v $1 >/dev/null; }\n"

	/* What the kernel says of the clock, from the tools that ask it; or else what systemd says. */
	"clock() {\n"
	"x= s= o= g=\n"
	"if has adjtimex; then x=$(exec adjtimex -p) || x=$(exec adjtimex)\n"
	"elif has busybox; then x=$(exec busybox adjtimex)\n"
	"fi\n"
	"set -- $x\n"
	"while [ $# -gt 1 ]; do\n"
	"case $1 in offset:) o=$2;; maxerror:) g=$2;; status:) s=$2;; esac\n"
	"shift\n"
	"done\n"
	"if [ \"$s\" ]; then echo \"k $s $o $g\"\n"
	"elif [ -d /run/systemd/system ] && has timedatectl; then\n"
	"x=$(exec timedatectl show -p NTPSynchronized --value) && echo \"k $x\"\n"
	"fi\n"
	"echo \"e clock\"\n"
	"}\n"

	/* Ends the chains that have not ended, and whom they wait for.  Stopped, they send nobody else;
	 * one that is about to send somebody stops only when that is done, and waits for the kernel
	 * (D) meanwhile: not for ever, as one does that hangs itself. */
	"reap() {\n"
	"w=' '\n"
	"for k in $u; do case $e in *\" ${k%:*} \"*);; *) w=\"$w${k#*:} \";; esac; done\n"
	"kill -STOP $w\n"
	"i=0\n"
	"for k in $w; do\n"
	"while read -r l </proc/$k/stat; do\n"
	"case ${l##*) } in\n"
	"[RS]*);;\n"
	"D*) i=$((i+1)); [ $i -lt 300 ] || break;;\n"
	"*) break;;\n"
	"esac\n"
	"done\n"
	"done\n"
	"for s in /proc/[0-9]*/stat; do\n"
	"read -r l <$s || continue\n"
	"x=${l##*) }\n"
	"x=${x#* }\n"
	"case $w in *\" ${x%% *} \"*) kill -9 ${l%% *};; esac\n"
	"done\n"
	"kill -9 $w\n"
	"u=\n"
	"}\n"

	/* d seconds are all that there is.  The lines c and s tell pids; where so much is begun that the
	 * time is over before the last of them, they are listened to until there are no more. */
	"spaces() {\n"
	"m=32\n"
	"[ $# -ge $m ] || m=$#\n"
	"{\n"
	"{ sleep $d & echo \"s $!\"; wait $!; echo t; } &\n"
	"clock & echo \"c clock $!\"\n"
	"j=0\n"
	"while [ $j -lt $m ]; do chain $j \"$@\" & echo \"c $j $!\"; j=$((j+1)); done\n"
	"} | {\n"
	"e=' ' s= t= u=\n"
	"j=$((m+1))\n"
	"while [ \"$t\" ] || [ $j -gt 0 ] || [ ! \"$s\" ]; do\n"
	"read -r k i x || break\n"
	"case $k in\n"
	"c) u=\"$u $i:$x\"; [ ! \"$t\" ] || reap;;\n"
	"e) e=\"$e$i \"; j=$((j-1));;\n"
	"s) s=$i;;\n"
	"t) t=1; reap;;\n"
	"*) printf '%s\\n' \"$k $i $x\";;\n"
	"esac\n"
	"done\n"
	"[ \"$t\" ] || kill -9 $s\n"
	"}\n"
	"}\n"

	"main() {\n"
	"exec 2>/dev/null\n"
	"PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C\n"
	"export PATH LC_ALL\n"
	"trap '' PIPE\n"
	"y=$(dog &)\n"
	"trap 'kill -9 $y' EXIT\n"
	"trap exit HUP INT TERM\n"
	"f hostname $r/proc/sys/kernel/hostname\n"
	"f uptime $r/proc/uptime\n"
	"f loadavg $r/proc/loadavg\n"
	"f meminfo $r/proc/meminfo\n"
	"f mountinfo $r/proc/self/mountinfo\n"
	"f fstab $r/etc/fstab\n"
	"for k in cpu memory io; do f pressure/$k $r/proc/pressure/$k; done\n"
	"if x=$(getconf PAGESIZE); then t page_size; echo $x; fi\n"
	"if [ -e $r/run/reboot-required ] || [ -e $r/var/run/reboot-required ]; then\n"
	"t reboot; echo required\n"
	"elif [ -e $r/etc/debian_version ]; then\n"
	"t reboot; echo not required\n"
	"fi\n"
	"t ready\n"
	"f stat $r/proc/stat\n"
	"o=\n"
	"sleep $w || { o=1; sleep $v; }\n"
	"f stat $r/proc/stat\n"
	"processes\n"
	"line; d=$l\n"
	"line; [ ! \"$o\" ] || d=$l\n"
	"line; h=\n"
	"[ $l = 0 ] || hung\n"
	"line; c=$l\n"
	"set --\n"
	"while [ $c -gt 0 ]; do text; set -- \"$@\" \"$x\"; c=$((c-1)); done\n"
	"t answers\n"
	"a='stat -f -c %S,%b,%f,%a,%c,%d'\n"
	"case $($a /) in *,*,*,*,*,[0-9]*);; *) a='df -P -k'; echo df;; esac\n"
	"spaces \"$@\"\n"
	"t end\n"
	"exit 0\n"
	"}\n"
	"main\n";
// clang-format on
