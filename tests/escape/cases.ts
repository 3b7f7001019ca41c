/**
 * What a hostile script would try. Each case prints `OUT …` for every attempt that worked and `DONE` at its end; the
 * host looks for traces of its own. A case that must be stopped names the outcomes that count as stopped. Every bomb is
 * bounded, so that the same cases can run without walls to show that they would notice.
 */
import type { Limits, Outcome, ScriptSpec } from "#sandbox";
import { syscallsOf } from "../../server/sandbox/syscalls.ts";
import type { Arena } from "./arena.ts";

export interface EscapeCase {
  name: string;
  category: string;
  script: string;
  limits?: Partial<Limits>;
  /** One of these must be how it ended; otherwise it must reach its end and print `DONE`. */
  stopped?: Outcome[];
  spec?: (arena: Arena) => Partial<ScriptSpec>;
  /** Looks for traces on the host afterwards. */
  traces?: (arena: Arena, directory: string) => string[];
  /** Acts on the host while the script runs. */
  meanwhile?: (arena: Arena) => Promise<string[]>;
  /** Runs after the first, in the same folder. */
  afterwards?: { script: string; withInputs?: boolean };
}

const { allow, refuse, byArgument } = syscallsOf(process.arch === "arm64" ? "arm64" : "x64");
const number = (name: string) => byArgument.get(name) ?? allow.get(name) ?? refuse.get(name) ?? 9999;

const bash = (lines: string) => `#!/bin/bash\nout() { echo "OUT $*"; }\n${lines}\necho DONE\n`;
const node = (lines: string) => `#!/usr/bin/env node\nconst out = (text) => console.log("OUT " + text);\n${lines}\n`;
const perl = (lines: string) => `#!/usr/bin/perl
use Socket; $| = 1;
sub out { print "OUT @_\\n"; }
# A call that was refused says EPERM or ENOSYS; any other answer means that the kernel took it up.
sub try { my ($name, @call) = @_; $! = 0; my $r = syscall($call[0], map { $_ } @call[1 .. $#call]); out("$name ($r, $!)") if $r != -1 || ($! != 1 && $! != 38); }
sub nap { select(undef, undef, undef, $_[0]); }
${lines}
print "DONE\\n";
`;

const SMALL = { memoryMb: 128, pids: 48, tmpMb: 16, workspaceMb: 32, workspaceFiles: 2_000 } satisfies Partial<Limits>;

/** Syscalls whose arguments are all zero or bad: whoever gets through to the kernel's own checks shows it. */
const DANGEROUS = [
  ...["_sysctl", "acct", "bpf", "clock_settime", "delete_module", "fanotify_init", "finit_module", "fsmount", "fsopen"],
  ...[
    "fspick",
    "get_mempolicy",
    "init_module",
    "io_uring_setup",
    "ioprio_set",
    "kexec_load",
    "lookup_dcookie",
    "mbind",
  ],
  ...["memfd_secret", "migrate_pages", "modify_ldt", "move_pages", "name_to_handle_at", "nfsservctl"],
  ...["open_by_handle_at", "open_tree", "perf_event_open", "process_madvise", "quotactl", "seccomp", "set_mempolicy"],
  ...["settimeofday", "swapoff", "swapon", "syslog", "userfaultfd", "ustat", "vhangup"],
].filter((name) => number(name) !== 9999);

const FILES: EscapeCase[] = [
  {
    name: "host-file",
    category: "files",
    script: bash(`
cat "$ARENA/canary.txt" && out the canary
cat /etc/shadow && out shadow
ls /root /var/lib /run /boot /srv >/dev/null && out "folders of the host"
[ -e /etc/hostname ] && out /etc/hostname`),
  },
  {
    name: "other-run",
    category: "files",
    script: bash(`
cat "$ARENA/other-run/secret.txt" && out "a file of another run"
ls "$ARENA" && out "the folder of runs"
cat /workspace/../workspace/../"$ARENA/other-run/secret.txt" && out "the same, spelled otherwise"`),
  },
  {
    name: "environment",
    category: "files",
    script: bash(`
env | grep -q "^$MARK" && out "the server's environment"
for f in /proc/[0-9]*/environ; do tr '\\0' '\\n' < "$f" | grep -q "^$MARK" && out "$f"; done`),
  },
  {
    name: "first-process",
    category: "files",
    script: bash(`
tr '\\0' '\\n' < /proc/1/environ | grep -qvE '^(PWD|OLDPWD|SHLVL|_)=' && out "its environment"
ls -l /proc/1/root/ | grep -qE ' (root|boot|srv)$' && out "its root"
for f in /proc/1/fd/*; do [ "\${f##*/}" -gt 2 ] && (: < "$f") && out "its descriptor $f"; done`),
  },
  {
    name: "write-outside",
    category: "files",
    script: bash(`
echo changed > "$ARENA/target.txt" && out "a file of the host"
for d in / /usr /etc /opt/regent /opt/regent/bin /dev /proc /bin /lib; do
  (: > $d/regent-$TOKEN) && out "$d" && rm -f $d/regent-$TOKEN
done`),
    traces: (arena) => (arena.targetText() === "untouched" ? [] : ["the target was changed"]),
  },
  {
    name: "read-only-inputs",
    category: "files",
    script: bash(`
i=inputs/order.txt
[ "$(cat $i)" = given ] || echo "no input"
echo changed > $i && out write; echo more >> $i && out append; rm -f $i; [ -e $i ] || out remove
mv $i inputs/x && out rename; chmod 777 $i && out mode; : > inputs/new && out create; touch $i && out times
mount -o remount,rw inputs && out remount; umount inputs && out unmount; mv inputs outputs && out "move the folder"`),
    spec: (arena) => ({ inputs: [{ name: "order.txt", source: arena.input }] }),
    traces: (arena) => (arena.inputText() === "given" ? [] : ["the input was changed"]),
  },
  {
    name: "programs",
    category: "files",
    script: bash(`
for f in /opt/regent/bin/node /usr/bin/bash /etc/passwd "$0"; do
  (exec 9>>"$f") && out "write $f"; (: > "\${f%/*}/regent-$TOKEN") && out "beside $f" && rm "\${f%/*}/regent-$TOKEN"
done`),
  },
  {
    name: "links",
    category: "links",
    script: bash(`
ln -s "$ARENA/canary.txt" l1; ln -s / l2; ln -s /proc/1/root l3; ln -s ../../../../../../../../.. l4
for p in l1 "l2/$ARENA/canary.txt" "l3/$ARENA/canary.txt" "l4/$ARENA/canary.txt"; do cat "$p" && out "$p"; done
for f in "$ARENA/canary.txt" /etc/passwd /usr/bin/bash /usr/bin/env /opt/regent/bin/node "$0"; do ln "$f" hard && out "hard link to $f" && rm hard; done`),
  },
  {
    name: "hostile-tree",
    category: "links",
    script: bash(`
ln -s "$ARENA" inputs; mkfifo pipe; ln -s "$ARENA/target.txt" out.txt; mkdir -p a; ln -s "$ARENA" a/b; mkdir deep
cd deep; for i in {1..150}; do mkdir d; cd d || break; done`),
    afterwards: { script: bash("ls inputs; echo changed > out.txt && out wrote"), withInputs: true },
    traces: (arena) => [
      ...(arena.targetText() === "untouched" ? [] : ["the target was changed"]),
      ...(arena.hasChangedOwner() ? ["a file outside was given away"] : []),
      ...(arena.list().includes("order.txt") ? ["a mount point was made outside"] : []),
    ],
  },
  {
    name: "swap-race",
    category: "links",
    script: perl(`
mkdir "d"; symlink($ENV{ARENA}, "l"); mkdir "fill";
my $until = time + 2;
for (my $i = 0; time < $until; $i++) { rename("d", "t"); rename("l", "d"); rename("t", "l"); if ($i % 200 == 0) { open(F, ">", "fill/$i") and print F "x" x 65536; close F; } }
out("canary") if -e "d/canary.txt" or -e "l/canary.txt";`),
    limits: { workspaceMb: 512, workspaceFiles: 100_000 },
    traces: (arena) => [
      ...(arena.targetText() === "untouched" ? [] : ["the target was changed"]),
      ...(arena.hasChangedOwner() ? ["a file outside was given away"] : []),
    ],
  },
  {
    name: "set-id-files",
    category: "privileges",
    script: bash(`
cp /usr/bin/id own; chmod 4755 own && out setuid; chmod 2755 own && out setgid; chmod u+s,g+s own && out "both"
perl -e 'umask 0; sysopen(F, "born", 0101, 04777) && print F "x"'; [ -u born ] && out "born with it"
install -m 4755 /usr/bin/id other && out install; mkdir -m 2777 folder && out folder`),
    traces: (arena, directory) => (arena.hasSetIdFile(directory) ? ["a set-id file on the host"] : []),
  },
];

const NETWORK: EscapeCase[] = [
  {
    name: "tcp",
    category: "network",
    script: bash(`
for a in 127.0.0.1 localhost $ADDRESSES; do (exec 9<>/dev/tcp/$a/$TCP_PORT) && out "TCP to $a"; done
(exec 9<>"/dev/tcp/::1/$TCP_PORT") && out "TCP to ::1"`),
  },
  {
    name: "udp-and-names",
    category: "network",
    script: bash(`
for a in 127.0.0.1 $ADDRESSES; do echo hello > /dev/udp/$a/$UDP_PORT; done; sleep 0.1
[ -s /etc/resolv.conf ] && out "name servers"
perl -e 'use Socket; exit(defined(gethostbyname("example.com")) ? 0 : 1)' && out "a name was resolved"`),
  },
  {
    name: "metadata-and-routes",
    category: "network",
    script: perl(`
for my $a ("169.254.169.254", "192.0.2.1", "10.0.0.1", "224.0.0.1") {
  socket(my $s, PF_INET, SOCK_DGRAM, 0) or next; out("a route to $a") if connect($s, sockaddr_in(53, inet_aton($a)));
}
open(my $r, "<", "/proc/net/route"); my @lines = <$r>; out("routes") if @lines > 1;
open(my $d, "<", "/proc/net/dev"); my @devices = grep { /:/ && !/^\\s*lo:/ } <$d>; out("devices") if @devices;`),
  },
  {
    name: "unix-socket",
    category: "network",
    script: perl(`
for my $path ("$ENV{ARENA}/socket", "/run/docker.sock", "/run/dbus/system_bus_socket", "/var/run/docker.sock") {
  socket(my $s, PF_UNIX, SOCK_STREAM, 0); out($path) if connect($s, pack_sockaddr_un($path));
}`),
  },
  {
    name: "abstract-socket",
    category: "network",
    script: perl(`
socket(my $s, PF_UNIX, SOCK_STREAM, 0); out("connected") if connect($s, pack_sockaddr_un("\\0$ENV{ABSTRACT}"));
open(my $u, "<", "/proc/net/unix"); out("names of the host's sockets") if grep { /$ENV{ABSTRACT}/ } <$u>;`),
  },
  {
    name: "listening",
    category: "network",
    script: node(`
require("node:net").createServer((s) => out("the host came in")).listen(Number(process.env.FREE_PORT), "0.0.0.0", () => {
  console.log("UP"); setTimeout(() => { console.log("DONE"); process.exit(); }, 700);
});`),
    meanwhile: async (arena) => ((await arena.canReachFreePort()) ? ["a port inside answers on the host"] : []),
  },
  {
    name: "socket-families",
    category: "network",
    script: perl(`
my %fine = (1 => 1, 2 => 1, 10 => 1);
for my $family (0 .. 46) { for my $type (1, 2, 3, 5) {
  next if $type != 3 && $fine{$family}; next if $type == 3 && $family == 1;
  for my $protocol (0, 1, 255) { out("family $family type $type") if socket(my $s, $family, $type, $protocol); }
} }
out("SOCK_PACKET") if socket(my $p, 2, 10, 3); out("packet") if socket(my $q, 17, 3, 0x300);
out("raw") if socket(my $r, 2, 3, 1); out("inet pair") if socketpair(my $a, my $b, 2, 1, 0);`),
  },
  {
    name: "vsock-alg-netlink",
    category: "network",
    script: perl(`
out("VSOCK") if socket(my $v, 40, 1, 0); out("ALG") if socket(my $a, 38, 5, 0); out("NETLINK") if socket(my $n, 16, 3, 0);
out("TIPC") if socket(my $t, 30, 5, 0); out("CAN") if socket(my $c, 29, 3, 1); out("XDP") if socket(my $x, 44, 3, 0);`),
  },
];

const PROCESSES: EscapeCase[] = [
  {
    name: "snooping",
    category: "processes",
    script: bash(`
set -- /proc/[0-9]*; [ $# -gt 12 ] && out "$# processes"
grep -lq "$TOKEN-victim" /proc/[0-9]*/cmdline && out "the victim"
[ -e /proc/$VICTIM/status ] && grep -q "$TOKEN" /proc/$VICTIM/cmdline && out "its number"`),
  },
  {
    name: "signals",
    category: "processes",
    script: perl(`
my $seen = 0; for my $pid (20 .. 400, $ENV{VICTIM}, $ENV{SERVER}) { next if $pid == $$; $seen++ if kill(0, $pid); }
out("$seen processes can be signalled") if $seen > 3; kill("TERM", $ENV{VICTIM}) && out("the victim");`),
    traces: (arena) => (arena.isVictimAlive() ? [] : ["the victim was killed"]),
  },
  {
    name: "sysv-ipc",
    category: "processes",
    script: perl(`
my $id = syscall(${number("shmget")}, $ENV{SHM_KEY} + 0, 0, 0); out("a memory segment of the host") if $id >= 0;
for my $f ("shm", "sem", "msg") { open(my $h, "<", "/proc/sysvipc/$f") or next; my @l = <$h>; out("$f of the host") if @l > 1; }
out("message queues") if -e "/dev/mqueue/x" || opendir(my $d, "/dev/mqueue");`),
  },
  {
    name: "ptrace",
    category: "ptrace",
    script: perl(`
my $child = fork(); if (!$child) { nap(3); exit; }
my $buffer = "x" x 64; my $v = pack("P Q", $buffer, 64);
try("attach", ${number("ptrace")}, 16, $child, 0, 0); try("seize", ${number("ptrace")}, 0x4206, $child, 0, 0);
try("process_vm_readv", ${number("process_vm_readv")}, $child, $v, 1, $v, 1, 0);
try("process_vm_writev", ${number("process_vm_writev")}, $child, $v, 1, $v, 1, 0);
try("kcmp", ${number("kcmp")}, $$, $child, 1, 0, 0); try("process_madvise", ${number("process_madvise")}, 0, $v, 1, 4, 0);
my $fd = syscall(${number("pidfd_open")}, 1, 0); try("pidfd_getfd", ${number("pidfd_getfd")}, $fd, 5, 0) if $fd >= 0;
kill(9, $child);`),
  },
  {
    name: "mounts",
    category: "namespaces",
    script: perl(`
my ($none, $tmpfs, $where, $root) = ("none", "tmpfs", "/tmp", "/");
try("tmpfs", ${number("mount")}, $none, $where, $tmpfs, 0, 0); try("bind", ${number("mount")}, $root, $where, $none, 4096, 0);
try("remount", ${number("mount")}, $none, $root, $none, 32 | 4096, 0); try("umount", ${number("umount2")}, "/proc/sys", 2);
try("umount", ${number("umount2")}, "/usr", 2); try("move_mount", ${number("move_mount")}, -100, $where, -100, $where, 0);
try("mount_setattr", ${number("mount_setattr")}, -100, $root, 0, 0, 0); try("open_tree", ${number("open_tree")}, -100, $root, 1);`),
  },
  {
    name: "user-namespaces",
    category: "namespaces",
    script: perl(`
for my $flag (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x8000000, 0x4000000, 0x2000000) {
  my $pid = fork(); if (!$pid) { exit(syscall(${number("unshare")}, $flag) == 0 ? 7 : 0); } waitpid($pid, 0); out(sprintf("unshare %x", $flag)) if $? >> 8 == 7;
  my $r = syscall(${number("clone")}, $flag | 17, 0, 0, 0, 0); if ($r == 0) { syscall(${number("exit_group")}, 0); } out(sprintf("clone %x", $flag)) if $r > 0;
}
out("unshare -Ur") if system("unshare -Ur true 2>/dev/null") == 0; my $args = "\\0" x 88; try("clone3", 435, $args, 88);`),
  },
  {
    name: "setns-and-roots",
    category: "namespaces",
    script: perl(`
for my $n ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup") { for my $p (1, "self") {
  open(my $h, "<", "/proc/$p/ns/$n") or next; my $pid = fork(); if (!$pid) { exit(syscall(${number("setns")}, fileno($h), 0) == 0 ? 7 : 0); } waitpid($pid, 0); out("setns $n of $p") if $? >> 8 == 7;
} }
my $t = "/tmp"; my $pid = fork(); if (!$pid) { exit(chroot($t) ? 7 : 0); } waitpid($pid, 0); out("chroot") if $? >> 8 == 7; try("pivot_root", ${number("pivot_root")}, $t, $t);`),
  },
  {
    name: "dangerous-calls",
    category: "calls",
    script: perl(DANGEROUS.map((name) => `try("${name}", ${number(name)}, 0, 0, 0, 0, 0, 0);`).join("\n")),
  },
  {
    name: "time-and-names",
    category: "calls",
    script: perl(`
open(my $o, "<", "/proc/sys/kernel/hostname"); my $name = <$o>; chomp $name; out("the host's name") if $name eq $ENV{HOSTNAME_OF_HOST};
try("sethostname", ${number("sethostname")}, $name, length($name));
my $tx = "\\0" x 256; try("adjtimex", ${number("adjtimex")}, $tx); try("clock_adjtime", ${number("clock_adjtime")}, 0, $tx);
try("personality", ${number("personality")}, 0x0040000);`),
  },
  {
    name: "keyring",
    category: "keyring",
    script: perl(`
my ($user, $name, $text) = ("user", "regent", "text");
try("add_key", ${number("add_key")}, $user, $name, $text, 4, -3); try("request_key", ${number("request_key")}, $user, $name, $text, -3);
try("keyctl", ${number("keyctl")}, 0, -3, 0, 0, 0); try("keyctl describe", ${number("keyctl")}, 6, -4, 0, 0, 0);
open(my $k, "<", "/proc/keys"); my @keys = <$k>; out("keys") if @keys;`),
  },
];

const MACHINE: EscapeCase[] = [
  {
    name: "devices",
    category: "devices",
    script: perl(`
for my $d ("mem", "kmem", "port", "kmsg", "vda", "sda", "nvme0n1", "loop0", "loop-control", "kvm", "fuse", "net/tun", "vhost-net", "rtc0", "snapshot", "mapper/control") {
  open(my $h, "<", "/dev/$d") and out("/dev/$d");
}
my $path = "node-$$"; try("mknod", ${number("mknodat")}, -100, $path, 020666, 0x103); out("a device was made") if -c $path;
opendir(my $d, "/dev"); my @all = grep { !/^\\./ } readdir($d); out(scalar(@all) . " devices") if @all > 20;`),
  },
  {
    name: "kernel-settings",
    category: "devices",
    script: perl(`
for my $f ("kernel/core_pattern", "kernel/modprobe", "kernel/hostname", "vm/overcommit_memory", "kernel/sysrq", "fs/suid_dumpable", "net/ipv4/ip_forward", "kernel/randomize_va_space") {
  open(my $h, "+<", "/proc/sys/$f") and out($f);
}
for my $f ("/proc/sysrq-trigger", "/proc/kcore", "/proc/kmsg", "/proc/mtrr", "/proc/self/oom_score_adj") {
  next if $f =~ /oom/; open(my $h, "+<", $f) and out($f) unless -c $f;
}`),
  },
  {
    name: "host-facts",
    category: "devices",
    script: bash(`
[ -d /sys/kernel ] && out /sys; [ -d /sys/fs/cgroup/memory ] && out cgroups
grep -qvE '^0+ ' /proc/kallsyms && out "kernel addresses"; [ -s /proc/cmdline ] && out "the kernel's command line"
[ -s /proc/config.gz ] && out "its configuration"; [ -s /proc/key-users ] && out "key users"; [ -s /proc/iomem ] && out iomem`),
  },
  {
    name: "privileges",
    category: "privileges",
    script: bash(`
grep -qE '^Cap(Eff|Prm|Inh|Amb):.*[1-9a-f]' /proc/self/status && out capabilities
grep -q '^NoNewPrivs:[[:space:]]*1' /proc/self/status || out "new privileges"
grep -q '^Seccomp:[[:space:]]*2' /proc/self/status || out "no filter"
read -r inside outside count < /proc/self/uid_map; [ "$count" = 1 ] || out "more than one user"
for p in su sudo pkexec newgrp; do command -v $p >/dev/null && timeout 1 $p -c true </dev/null && out "$p"; done
mount --bind /tmp . && out mount; perl -e 'exit(($( = 0, $) = 0, $> = 12345, $> == 12345)[-1] ? 0 : 1)' && out "another user"`),
  },
  {
    name: "real-user",
    category: "privileges",
    script: bash(": > made"),
    traces: (arena, directory) =>
      arena.ownerOf(directory, "made") === arena.forbiddenUid ? ["it ran as the server's root"] : [],
  },
  {
    name: "terminal",
    category: "privileges",
    script: perl(`
for my $request (0x5412, 0x541c, 0x541d, 0x5423) { my $c = "x"; $! = 0; ioctl(STDIN, $request, $c); out(sprintf("ioctl %x: %s", $request, $!)) if $! != 1; }
my $c = "x"; my $low = syscall(${number("ioctl")}, 0, 0x541200000000 | 0x5412, $c); out("with upper bits") if $! != 1;
open(my $t, "+<", "/dev/tty") and out("a terminal");
open(my $s, "<", "/proc/self/stat"); my ($session) = (split / /, (split /\\) /, <$s>)[1])[3]; out("the host's session") if $session == 0;`),
  },
  {
    name: "descriptors",
    category: "privileges",
    script: perl(`
opendir(my $d, "/proc/self/fd"); my @open = grep { /^\\d+$/ && $_ > 2 && $_ != fileno($d) } readdir($d);
for my $n (@open) { my $l = readlink("/proc/self/fd/$n"); out("$n $l") unless $l =~ m{^/(proc/|opt/regent/script)} || $l eq $0 || $l =~ m{/script$}; }
for my $f (glob("/proc/[0-9]*/fd/*")) { my $l = readlink($f); out("$f $l") if $l && $l =~ /canary|regent-arena/; }`),
  },
  {
    name: "limits-hold",
    category: "limits",
    script: bash(`
[ "$(ulimit -c)" = 0 ] || out cores; [ "$(ulimit -u)" -le 64 ] || out processes; [ "$(ulimit -n)" -le 4096 ] || out files
[ "$(ulimit -f)" != unlimited ] || out "file size"; [ "$(ulimit -d)" != unlimited ] || out data; [ "$(ulimit -t)" != unlimited ] || out time
ulimit -u 100000 && out "raised processes"; ulimit -n 1000000 && out "raised files"; ulimit -f unlimited && out "raised file size"`),
    limits: { pids: 64 },
  },
  {
    name: "environment-tricks",
    category: "limits",
    script: bash(
      `[ "$(ulimit -u)" -le 64 ] || out "limits were skipped"; [ -e ran ] && out "code ran before the limits"`,
    ),
    limits: { pids: 64 },
    spec: (arena) => {
      arena.plant("evil.sh", '[ "$(ulimit -u)" -le 64 ] || : > /workspace/ran\n');
      return {
        env: {
          BASH_ENV: "/workspace/evil.sh",
          ENV: "/workspace/evil.sh",
          IFS: "x",
          LD_PRELOAD: "/workspace/evil.so",
        },
      };
    },
  },
];

const BOMBS: EscapeCase[] = [
  {
    name: "forks",
    category: "processes-bomb",
    script: perl(`
my @all; for (1 .. 300) { my $pid = fork(); last unless defined $pid; if (!$pid) { nap(3); exit; } push @all, $pid; }
out(scalar(@all) . " processes") if @all > 60; kill(9, @all); wait() for @all;`),
    limits: SMALL,
  },
  {
    name: "fork-bomb",
    category: "processes-bomb",
    script: bash(`
grow() { [ "$1" -gt 7 ] && { sleep 2; return; }; grow $(($1 + 1)) & grow $(($1 + 1)) & wait; }
grow 0 2>errors; grep -qE 'fork|Resource' errors || out "255 processes"`),
    limits: { ...SMALL, wallMs: 6_000 },
    stopped: ["timeout", "pids", "oom", "exit", "signal"],
  },
  {
    name: "threads",
    category: "processes-bomb",
    script: node(`
const { Worker } = require("node:worker_threads"); let up = 0, failed = false;
process.on("uncaughtException", () => { failed = true; });
for (let i = 0; i < 40; i++) { try { new Worker("setTimeout(() => {}, 1500)", { eval: true }).on("online", () => up++).on("error", () => { failed = true; }); } catch { failed = true; } }
setTimeout(() => { if (up > 36) out(up + " threads"); console.log("DONE"); process.exit(); }, 1300);`),
    limits: { ...SMALL, memoryMb: 512, pids: 28, wallMs: 8_000 },
    stopped: ["pids", "signal", "oom", "exit"],
  },
  {
    name: "zombies",
    category: "processes-bomb",
    script: perl(`
my $n = 0; for (1 .. 300) { my $pid = fork(); last unless defined $pid; exit unless $pid; $n++; }
nap(0.2); out("$n zombies") if $n > 60;`),
    limits: SMALL,
  },
  {
    name: "memory-one",
    category: "memory",
    script: perl(`my @all; for (1 .. 60) { push @all, "x" x (10 << 20); nap(0.005); } nap(0.5); out("600 MB");`),
    limits: SMALL,
    stopped: ["oom", "signal"],
  },
  {
    name: "memory-many",
    category: "memory",
    script: perl(`
for (1 .. 12) { my $pid = fork(); if (!$pid) { my $x = "x" x (50 << 20); nap(1.5); exit; } } nap(1.2); out("600 MB in 12 processes");`),
    limits: SMALL,
    stopped: ["oom", "signal", "exit"],
  },
  {
    name: "memory-files",
    category: "memory",
    script: perl(`
my $sum = 0; for my $d ("/tmp", "/dev/shm", "/home") { for my $i (1 .. 8) { open(my $f, ">", "$d/fill-$ENV{TOKEN}-$i") or next; for (1 .. 8) { $sum++ if (syswrite($f, "x" x (1 << 20)) // 0) == (1 << 20); } } unlink(glob("$d/fill-$ENV{TOKEN}-*")); }
out("$sum MB in tmpfs") if $sum > 60;`),
    limits: SMALL,
  },
  {
    name: "memory-hidden",
    category: "memory",
    script: perl(`
my $name = "hidden"; my @all; my $sum = 0;
for (1 .. 20) { my $fd = syscall(${number("memfd_create")}, $name, 0); last if $fd < 0; open(my $f, ">&=", $fd); push @all, $f; for (1 .. 20) { $sum++ if (syswrite($f, "x" x (1 << 20)) // 0) == (1 << 20); } }
nap(0.3); out("$sum MB in memory files") if $sum > 200;`),
    limits: SMALL,
    stopped: ["oom", "signal"],
  },
  {
    name: "kernel-memory",
    category: "memory",
    script: perl(`
my @all; my $sum = 0; use Fcntl; my $block = "x" x 65536;
for (1 .. 12) { my $pid = fork(); next if $pid || !defined $pid;
  for (1 .. 120) { socketpair(my $a, my $b, 1, 1, 0) or last; push @all, $a, $b; for my $s ($a, $b) { setsockopt($s, 1, 7, pack("i", 1 << 20)); fcntl($s, F_SETFL, O_NONBLOCK); 1 while syswrite($s, $block); } } nap(2); exit; }
nap(1.5); open(my $s, "<", "/proc/net/sockstat"); my ($used) = <$s> =~ /used (\\d+)/; out("$used sockets full of data") if $used > 700;`),
    limits: SMALL,
    stopped: ["oom", "socket-limit", "signal"],
  },
];

const DISK: EscapeCase[] = [
  {
    name: "disk-fill",
    category: "disk",
    script: perl(`
my $sum = 0; for my $i (1 .. 20) { open(my $f, ">", "fill$i") or last; for (1 .. 16) { $sum++ if (syswrite($f, "x" x (1 << 20)) // 0) == (1 << 20); } }
nap(0.5); out("$sum MB") if $sum > 200;`),
    limits: SMALL,
    stopped: ["disk-limit"],
  },
  {
    name: "disk-fill-nameless",
    category: "disk",
    script: perl(`
my @all; my $sum = 0; for my $i (1 .. 20) { open(my $f, ">", "fill$i") or last; unlink("fill$i"); push @all, $f; for (1 .. 16) { $sum++ if (syswrite($f, "x" x (1 << 20)) // 0) == (1 << 20); } }
nap(0.8); out("$sum MB without a name") if $sum > 200;`),
    limits: SMALL,
    stopped: ["disk-limit"],
  },
  {
    name: "one-big-file",
    category: "disk",
    script: bash(`
trap '' XFSZ; head -c 100M /dev/zero > big; [ $(stat -c %s big) -gt 60000000 ] && out "a file above the limit"
truncate -s 10G sparse && out "a sparse file above the limit"; rm -f big sparse; sleep 0.1`),
    limits: SMALL,
    stopped: ["disk-limit", "ok"],
  },
  {
    name: "many-files",
    category: "disk",
    script: perl(
      `my $n = 0; for my $i (1 .. 6000) { open(my $f, ">", "f$i") or last; $n++; } nap(0.8); out("$n files") if $n > 5000;`,
    ),
    limits: SMALL,
    stopped: ["inode-limit"],
  },
  {
    name: "many-files-in-memory",
    category: "disk",
    script: perl(`
my $n = 0; mkdir "/tmp/f-$ENV{TOKEN}"; for my $i (1 .. 40000) { open(my $f, ">", "/tmp/f-$ENV{TOKEN}/$i") or last; $n++; } nap(0.4); out("$n files in /tmp") if $n > 30000;
system("rm -rf /tmp/f-$ENV{TOKEN}");`),
    limits: { ...SMALL, memoryMb: 512, tmpMb: 256 },
    stopped: ["inode-limit", "ok", "oom"],
  },
  {
    name: "deep-folders",
    category: "disk",
    script: perl(
      `for (1 .. 600) { mkdir("d") or last; chdir("d") or last; } open(my $f, ">", "x"); syswrite($f, "x" x (1 << 20)) for 1 .. 12; nap(0.8); out("600 levels");`,
    ),
    limits: SMALL,
    stopped: ["inode-limit"],
  },
];

const TIME: EscapeCase[] = [
  {
    name: "output-flood",
    category: "time",
    script: bash("head -c 50000000 /dev/zero | tr '\\0' x; echo; out 'all of it'"),
    limits: { outputBytes: 65_536 },
    stopped: ["output-limit"],
  },
  {
    name: "error-flood",
    category: "time",
    script: bash("head -c 50000000 /dev/zero | tr '\\0' x >&2; out 'all of it'"),
    limits: { outputBytes: 65_536 },
    stopped: ["output-limit"],
  },
  {
    name: "endless-loop",
    category: "time",
    script: bash("while :; do :; done & wait; out 'for ever'"),
    limits: { wallMs: 600 },
    stopped: ["timeout"],
  },
  {
    name: "ignored-signals",
    category: "time",
    script: perl(
      `$SIG{$_} = "IGNORE" for qw(TERM INT HUP QUIT ALRM USR1 USR2 PIPE XCPU); fork() for 1 .. 3; for (1 .. 60) { nap(0.1); } out("six seconds");`,
    ),
    limits: { wallMs: 600 },
    stopped: ["timeout"],
    traces: (arena) => arena.survivors(),
  },
  {
    name: "left-behind",
    category: "time",
    script: bash(`
(setsid nohup sleep 77.$TOKEN >/dev/null 2>&1 &) ; (trap '' TERM HUP; exec -a left-$TOKEN sleep 78 >/dev/null 2>&1 &)
perl -e 'fork and exit; fork and exit; $0 = "left-$ENV{TOKEN}"; close STDOUT; close STDERR; sleep 60' & sleep 0.2`),
    traces: (arena) => arena.survivors(),
  },
  {
    name: "processor-time",
    category: "time",
    script: bash(
      "for i in 1 2 3 4; do (n=0; while [ $n -lt 1 ]; do [ $SECONDS -gt 6 ] && break; done) & done; wait; out 'all the time'",
    ),
    limits: { cpuSeconds: 1, wallMs: 20_000 },
    stopped: ["timeout", "signal"],
  },
  {
    name: "secrets-on-the-host",
    category: "secrets",
    script: bash("echo $API_KEY | wc -c; echo UP; sleep 0.6; cat /nowhere; ls -l /proc/self/exe >/dev/null"),
    spec: (arena) => ({ env: { API_KEY: arena.given } }),
    meanwhile: async (arena) => arena.commandLinesWith(arena.given),
    traces: (arena) => (arena.lastAudit().includes(arena.given) ? ["a value stands in the audit record"] : []),
  },
  {
    name: "second-run",
    category: "secrets",
    script: bash(
      `for d in /tmp /home /dev/shm /var/tmp /run; do echo left > $d/left-$TOKEN 2>/dev/null; done; ipcmk -M 1000 2>/dev/null | grep -oE '[0-9]+$' > segment`,
    ),
    afterwards: {
      script: bash(`
for d in /tmp /home /dev/shm /var/tmp /run; do [ -e $d/left-$TOKEN ] && out "$d" && rm -f $d/left-$TOKEN; done
[ -s segment ] && ipcrm -m $(cat segment) && out "shared memory"; true`),
    },
  },
];

export const CASES: EscapeCase[] = [...FILES, ...NETWORK, ...PROCESSES, ...MACHINE, ...BOMBS, ...DISK, ...TIME];
