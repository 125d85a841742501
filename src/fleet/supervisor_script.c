/*
 * The text of the program.  See supervisor_script.h.
 *
 * It is sent for each command, so its comments stay here.  It ends in the call of its last line: a
 * text that was cut on the way does nothing.
 */
#include "fleet/supervisor_script.h"

// clang-format off
const char supervisor_script[] =
	/* n, the secret, must not be exported, whatever the login has set. */
	"unset n\n"
	"q='\n'\n"
	"signals='HUP INT QUIT USR1 USR2 TERM ALRM VTALRM PIPE'\n"

	/* A line; a text of several lines. */
	"line() { IFS= read -r v || exit 125; }\n"
	"text() {\n"
	"line; k=$v; line; x=$v\n"
	"while [ $k -gt 1 ]; do line; x=$x$q$v; k=$((k-1)); done\n"
	"}\n"

	/* Sleeps, although it is woken for traps. */
	"nap() { sleep $1 & while wait $!; [ $? -gt 128 ] && kill -0 $!; do :; done; }\n"

	/* Descriptors are closed by the functions themselves: those that are closed for a call, a shell
	 * keeps elsewhere until it returns.
	 *
	 * USR1: we have been heard of.  USR2: end it.  VTALRM: the command has ended, so there is nothing
	 * more to do, but for what was begun.  Closing its output says that the traps are set. */
	"watch() {\n"
	"exec 3<&- 4>&- 5>&- 6<&-\n"
	"trap '' HUP INT QUIT TERM ALRM PIPE\n"
	"a= h= m=0\n"
	"trap a=1 USR1\n"
	"trap 'h=1; kill -9 $!' USR2\n"
	"trap '[ \"$h\" ] || { kill -9 $!; exit; }' VTALRM\n"
	"exec >/dev/null\n"
	"while [ $m -lt 2 ] && [ ! \"$h\" ]; do\n"
	"m=$((m+1))\n"
	"nap $b\n"
	"[ ! \"$a\" ] || m=0 a=\n"
	"done\n"
	"h=1\n"
	"trap '' USR1 USR2\n"
	"kill -TERM -$$\n"
	"nap $y\n"
	"kill -9 -$$\n"
	"}\n"

	/* The end of what we send is the end of the connection.  It is said again and again, because a
	 * shell may miss a signal between starting `sleep` and waiting for it. */
	"hear() {\n"
	"exec <&3 3<&- 4>&- 5>&- 6<&-\n"
	"trap '' $signals\n"
	"while IFS= read -r l; do\n"
	"case $l in\n"
	"h) kill -USR1 $t;;\n"
	"d*) echo ${l#d}; $f${l#d};;\n"
	"e) echo 0; exec >/dev/null;;\n"
	"k) break;;\n"
	"esac\n"
	"done\n"
	"while kill -USR2 $t; do sleep 1; done\n"
	"}\n"

	"pump() {\n"
	"exec <&6 3<&- 4>&- 6<&-\n"
	"trap '' $signals\n"
	"while read -r c && [ $c -gt 0 ]; do\n"
	"$f$c || { echo \"${n}closed\" >&5; break; }\n"
	"echo \"${n}taken\" >&5\n"
	"done\n"
	"}\n"

	/* Becomes the command.  No variable of ours is used once theirs are set. */
	"become() {\n"
	"[ ! \"$w\" ] || CDPATH= cd \"$w\" 2>/dev/null || { echo \"${n}nowhere\" >&2; exit 126; }\n"
	"while [ \"$1\" != = ]; do export \"$1=$2\"; shift 2; done\n"
	"shift\n"
	"exec \"$@\"\n"
	"}\n"

	/* Runs it.  Where shells differ is how they tell a signal from an exit code above 128.  Most print
	 * a line when a command in the foreground dies of one (but SIGINT and SIGPIPE); bash prints none,
	 * but its list of jobs tells, as long as nobody has waited.  Bash lets a background command have
	 * its signals back, the others would not; what it ignores does not interrupt its waiting. */
	"run() {\n"
	"echo \"${n}started $$\" >&5\n"
	"o=$({\n"
	"if [ \"$BASH_VERSION\" ]; then\n"
	"set +o posix\n"
	"trap '' $signals\n"
	"trap jobs CHLD\n"
	"(trap - CHLD $signals; become \"$@\") <&6 >&4 2>&5 3<&- 4>&- 5>&- 6<&- &\n"
	"wait $!\n"
	"else\n"
	"trap : $signals\n"
	"(become \"$@\") <&6 >&4 2>&5 3<&- 4>&- 5>&- 6<&-\n"
	"fi\n"
	"echo $?\n"
	"} 2>&1)\n"
	"e=$?\n"
	"kill -9 $u $p\n"
	"kill -VTALRM $t\n"
	"c=${o##*$q}\n"
	"k=\n"
	/* Ended so early that nobody was there to say how: it is the shell between that was. */
	"if [ ! \"$c\" ]; then\n"
	"c=$e\n"
	"[ $c -le 128 ] || k=1\n"
	"elif [ $c -gt 128 ]; then\n"
	"if [ \"$BASH_VERSION\" ]; then\n"
	"case $o in *\" $c \"*|*\"($c)\"*);; *) k=1;; esac\n"
	"else\n"
	"case $c$o in *$q*|130*|141*) k=1;; esac\n"
	"fi\n"
	"fi\n"
	"if [ \"$k\" ] && k=$(kill -l $c); then echo \"${n}signal $k\" >&5; else echo \"${n}exit $c\" >&5; fi\n"
	"exit $c\n"
	"}\n"

	"main() {\n"
	/* Servers begin a session for each command, most of them; then we lead a group. */
	"if [ \"$1\" != led ]; then\n"
	"{ read -r a b c d g e </proc/$$/stat; } 2>/dev/null\n"
	"[ \"${g:-$$}\" = $$ ] || exec setsid \"$0\" -c \"$s\" \"$0\" led\n"
	"fi\n"
	"trap : $signals\n"
	"line; n=$v\n"
	"line; b=$v\n"
	"line; y=$v\n"
	"line; i=$v\n"
	"text; w=$x\n"
	"set --\n"
	"line; j=$v\n"
	"while [ $j -gt 0 ]; do line; d=$v; text; set -- \"$@\" \"$d\" \"$x\"; j=$((j-1)); done\n"
	"set -- \"$@\" =\n"
	"line; j=$v\n"
	"while [ $j -gt 0 ]; do text; set -- \"$@\" \"$x\"; j=$((j-1)); done\n"
	"exec 3<&0 4>&1 5>&2 6</dev/null </dev/null >/dev/null 2>&1\n"
	"p=\n"
	"t=$(watch & echo $!)\n"
	"if [ $i = none ]; then\n"
	"hear &\n"
	"u=$!\n"
	"run \"$@\"\n"
	"fi\n"
	/* dd reads exactly that many bytes: in one go where it can, else one by one. */
	"f='dd bs=1 count='\n"
	"dd iflag=fullblock count=0 && f='dd iflag=fullblock count=1 bs='\n"
	"{ hear & echo $!; } | {\n"
	"read -r u\n"
	"exec 6<&0\n"
	"pump &\n"
	"echo $u $!\n"
	"} | {\n"
	"read -r u p\n"
	"exec 6<&0\n"
	"run \"$@\"\n"
	"}\n"
	"}\n"
	"main \"$@\"\n";
// clang-format on
