// A seccomp filter in classic BPF: system calls that no agent's program needs and that reach deep into the kernel
// fail with EPERM. Above all no new user namespaces, in which a program would hold capabilities again; and no sockets
// of families that a network namespace does not hold (a virtual machine's AF_VSOCK leads to its host).
import { arch } from 'node:process';

const load = 0x20; // BPF_LD | BPF_W | BPF_ABS
const jumpEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const jumpAtLeast = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const jumpAnyBit = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const answer = 0x06; // BPF_RET | BPF_K
const allow = 0x7fff0000;
const kill = 0x80000000;
const refuse = 0x00050000 | 1; // SECCOMP_RET_ERRNO, EPERM
const absent = 0x00050000 | 38; // SECCOMP_RET_ERRNO, ENOSYS: the C library then falls back to clone
const noFamily = 0x00050000 | 97; // SECCOMP_RET_ERRNO, EAFNOSUPPORT
const newUser = 0x10000000; // CLONE_NEWUSER
const families = [1, 2, 10, 16]; // AF_UNIX, AF_INET, AF_INET6, AF_NETLINK

type Instruction = [code: number, yes: number, no: number, value: number];

interface Machine {
  audit: number;
  clone: number;
  unshare: number;
  socket: number;
  socketpair: number;
  refused: number[];
}

const clone3 = 435;
// io_uring (425-427), pidfd_getfd (438), the new mount calls (428-433, 442), landlock is left alone.
const refusedEverywhere = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442];

const machines: Record<string, Machine> = {
  x64: {
    audit: 0xc000003e,
    clone: 56,
    unshare: 272,
    socket: 41,
    socketpair: 53,
    // ptrace, pivot_root, chroot, mount, umount2, swapon, swapoff, reboot, init_module, delete_module, add_key,
    // request_key, keyctl, kexec_load, setns, process_vm_readv, process_vm_writev, finit_module, bpf, kexec_file_load,
    // userfaultfd, perf_event_open, open_by_handle_at
    refused: [
      101, 155, 161, 165, 166, 167, 168, 169, 175, 176, 248, 249, 250, 246, 308, 310, 311, 313, 321, 320, 323,
      298, 304,
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    clone: 220,
    unshare: 97,
    socket: 198,
    socketpair: 199,
    refused: [
      117, 41, 51, 40, 39, 224, 225, 142, 105, 106, 217, 218, 219, 104, 268, 270, 271, 273, 280, 294, 282,
      241, 265,
    ],
  },
};

/** The filter as `struct sock_filter[]`, little-endian, 8 bytes each; undefined on machines without a table. */
export function seccompFilter(machine: string = arch): Buffer | undefined {
  const table = machines[machine];
  if (table === undefined) return undefined;
  const refused = [...table.refused, ...refusedEverywhere];
  const program: Instruction[] = [
    [load, 0, 0, 4], // the architecture
    [jumpEqual, 1, 0, table.audit],
    [answer, 0, 0, kill],
    [load, 0, 0, 0], // the call's number
    // The x32 numbers would pass by every comparison below.
    ...(machine === 'x64'
      ? ([
          [jumpAtLeast, 0, 1, 0x40000000],
          [answer, 0, 0, kill],
        ] as Instruction[])
      : []),
    [jumpEqual, 0, 1, clone3],
    [answer, 0, 0, absent],
    ...refused.flatMap((call): Instruction[] => [
      [jumpEqual, 0, 1, call],
      [answer, 0, 0, refuse],
    ]),
    [jumpEqual, 1, 0, table.socket],
    [jumpEqual, 0, families.length + 3, table.socketpair],
    [load, 0, 0, 16], // the first argument: the family
    ...families.map((family, at): Instruction => [jumpEqual, families.length - at, 0, family]),
    [answer, 0, 0, noFamily],
    [answer, 0, 0, allow],
    [jumpEqual, 1, 0, table.clone],
    [jumpEqual, 0, 3, table.unshare],
    [load, 0, 0, 16], // the first argument: flags
    [jumpAnyBit, 0, 1, newUser],
    [answer, 0, 0, refuse],
    [answer, 0, 0, allow],
  ];
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, yes, no, value], at) => {
    bytes.writeUInt16LE(code, at * 8);
    bytes.writeUInt8(yes, at * 8 + 2);
    bytes.writeUInt8(no, at * 8 + 3);
    bytes.writeUInt32LE(value, at * 8 + 4);
  });
  return bytes;
}
