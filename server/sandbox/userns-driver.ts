/**
 * The same walls from util-linux and perl, which nearly every system has: a shell builds the root inside new
 * namespaces, gives up every capability, and a loader of a few lines sets the filter. Slower than bubblewrap.
 */
import type { Driver, WalledScript } from "./driver.ts";
import {
  ENVIRONMENT_FD,
  environmentOf,
  HOST_ETC,
  innerCommand,
  MASKED,
  SMALL_FILES,
  SYSTEM_FOLDERS,
  startFolder,
} from "./inside.ts";
import { freePlaces } from "./launch.ts";
import { TMP_FILES } from "./limits.ts";

const [FILTER_FD, STATUS_FD, SCRIPT_FD] = [3, 4, 7];

export const usernsDriver: Driver = {
  id: "userns",
  isolation: "process",
  programs: [
    { path: "/usr/bin/unshare", package: "util-linux" },
    { path: "/usr/bin/setpriv", package: "util-linux" },
    { path: "/bin/bash", package: "bash" },
    { path: "/usr/bin/perl", package: "perl-base" },
  ],
  command: (script) => ({
    argv: [
      ...["/usr/bin/setpriv", "--pdeathsig", "KILL", "/usr/bin/unshare", "--user", "--map-root-user", "--mount"],
      ...["--pid", "--fork", "--kill-child=KILL", "--net", "--ipc", "--uts", "--cgroup"],
      ...["/bin/sh", "-c", BUILD, "build", ...facts(script), "--", ...innerCommand(script)],
    ],
    feeds: new Map([
      [FILTER_FD, script.filter],
      [ENVIRONMENT_FD, environmentOf(script)],
      [SCRIPT_FD, script.text],
    ]),
    statusFd: STATUS_FD,
    answerFd: ENVIRONMENT_FD,
  }),
};

const facts = (script: WalledScript): string[] => {
  const place = freePlaces([script.directory, script.node, ...script.inputs.map(({ source }) => source)])[0];
  if (!place) throw new Error("no place to build a root in");
  return [
    ...[place, script.directory, script.node, script.scriptPath, startFolder(script).slice(1)],
    ...[String(script.limits.tmpMb), String(4 + Math.ceil((2 * script.text.length) / 2 ** 20))],
    ...script.inputs.flatMap(({ name, source }) => [name, source]),
  ];
};

/**
 * Sets no_new_privs (38) and the filter (22), closes what it inherited, begins a session of its own (setsid), then stays
 * as the first process and waits.
 */
const LOADER = `
use Config; open(my $in, "<&=", ${FILTER_FD}) or die; binmode $in; local $/; my $filter = <$in>; close $in;
my $prctl = $Config{archname} =~ /aarch64/ ? 167 : 157;
my $program = pack("S x6 P", length($filter) / 8, $filter);
syscall($prctl, 38, 1, 0, 0, 0) == 0 or die "no_new_privs: $!"; syscall($prctl, 22, 2, $program) == 0 or die "filter: $!";
opendir(my $list, "/proc/self/fd"); my @open = grep { /^\\d+$/ && $_ > 2 && $_ != ${ENVIRONMENT_FD} } readdir($list); closedir($list);
for my $fd (@open) { if (open(my $old, "<&=", $fd)) { close $old; } }
syscall(${process.arch === "arm64" ? 157 : 112}); my $script = fork(); defined $script or die "fork: $!";
if (!$script) { exec { $ARGV[0] } @ARGV; die "exec: $!"; }
if (open(my $old, "<&=", ${ENVIRONMENT_FD})) { close $old; }
my $ended; do { $ended = wait(); } until $ended == $script || $ended == -1;
exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
`;

const smallFiles = Object.entries(SMALL_FILES)
  .map(([path, text]) => `cat > .${path} <<'END'\n${text}END`)
  .join("\n");

const BUILD = `
set -e
R=$1; dir=$2; node=$3; script=$4; start=$5; tmp=$6; size=$7; shift 7
mount -t tmpfs -o size=\${size}m,nr_inodes=1024,mode=755 root "$R"; cd "$R"
mkdir -p usr proc dev/shm tmp home workspace etc opt/regent/bin oldroot
fixed() { mount -o remount,bind,ro,nosuid,nodev "$1"; }
mount --rbind /usr usr; fixed usr
${SYSTEM_FOLDERS.map(({ path, link }) => (link ? `ln -s ${link} .${path}` : `mkdir .${path}; mount --bind ${path} .${path}; fixed .${path}`)).join("\n")}
for f in ${HOST_ETC.join(" ")}; do
  if [ -d $f ]; then mkdir -p .$f; mount --bind $f .$f; fixed .$f
  elif [ -e $f ]; then mkdir -p ".\${f%/*}"; cp $f .$f; fi
done
${smallFiles}
mount -t proc -o nosuid,nodev,noexec proc proc
for d in null zero full random urandom; do : > dev/$d; mount --bind /dev/$d dev/$d; done
ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
for t in tmp home dev/shm; do mount -t tmpfs -o size=\${tmp}m,nr_inodes=${TMP_FILES},mode=1777,nosuid,nodev t $t; done
for m in ${MASKED.join(" ")}; do mount --bind /dev/null .$m; done
echo 0 > proc/sys/user/max_user_namespaces || :
mount --bind proc/sys proc/sys; mount -o remount,bind,ro,nosuid,nodev,noexec proc/sys
: > opt/regent/bin/node; mount --bind "$node" opt/regent/bin/node; fixed opt/regent/bin/node
cat <&${SCRIPT_FD} > ".$script"; chmod 0555 ".$script"
mount --bind "$dir" workspace; mount -o remount,bind,nosuid,nodev workspace
if [ "$1" != -- ]; then
  mount -t tmpfs -o size=1m,nr_inodes=1024,mode=755,nosuid,nodev inputs "$start/inputs"
  while [ "$1" != -- ]; do
    if [ -d "$2" ]; then mkdir "$start/inputs/$1"; else : > "$start/inputs/$1"; fi
    mount --bind "$2" "$start/inputs/$1"; fixed "$start/inputs/$1"; shift 2
  done
  fixed "$start/inputs"
fi
shift
perl -e 'my ($up, $name) = (pack("a16 s", "lo", 0x41), "sandbox"); socket(S, 2, 1, 0); ioctl(S, 0x8914, $up);
  syscall(${process.arch === "arm64" ? 161 : 170}, $name, 7);' || :
pivot_root . oldroot; cd /; umount -l oldroot; rmdir oldroot; fixed /
echo '"exit-code"' >&${STATUS_FD}
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs perl -e '${LOADER.replaceAll("'", "'\\''")}' -- "$@"`;
