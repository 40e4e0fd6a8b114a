// From what a failed probe said to what the user can do about it. Pure.
import type { Level } from './types.js';

const install = [
  'Debian, Ubuntu: sudo apt-get install -y bubblewrap',
  'Fedora: sudo dnf install -y bubblewrap',
  'Arch: sudo pacman -S bubblewrap',
];

/** What keeps ordinary users from making namespaces, and how each is changed. */
const unprivileged = [
  'Ubuntu 23.10 and newer: sudo apt-get install -y apparmor-profiles && sudo ln -s /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && sudo apparmor_parser /etc/apparmor.d/bwrap-userns-restrict',
  'Debian with namespaces switched off: sudo sysctl kernel.unprivileged_userns_clone=1',
  'In a container: start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined, or run Baton on the host.',
];

/** `why` as a sentence for the user and the commands to run, most likely one first. */
export function remedy(level: Level, why: string, image: string): { why: string; todo: string[] } {
  const missing = /ENOENT|does not start/.test(why);
  if (/Install Python|Python 3\.9/.test(why))
    return { why, todo: ['Install Python 3.9 or newer, then try again.'] };
  switch (level) {
    case 'bubblewrap':
      if (/is for Linux/.test(why)) return { why: 'bubblewrap runs on Linux only.', todo: [] };
      if (missing) return { why: 'The program bwrap is not installed.', todo: install };
      if (/uid map|namespace|No permissions to create|Operation not permitted|clone|unshare/i.test(why))
        return {
          why: `This host does not let an ordinary user make namespaces (${why}).`,
          todo: [
            `Docker (or Podman, where it may): sudo apt-get install -y docker.io && sudo usermod -aG docker $USER, then log in again and docker pull ${image}`,
            ...(/ENOSPC/.test(why)
              ? ['The host allows none at all: sudo sysctl user.max_user_namespaces=15000']
              : unprivileged),
            'Or unconfined, which the log then says: --sandbox none',
          ],
        };
      if (/[Uu]nknown option/.test(why))
        return {
          why: `The installed bubblewrap is too old (${why}); 0.8 or newer is needed.`,
          todo: install,
        };
      return { why, todo: ['Run the command by hand to see its full message: bwrap --ro-bind / / true'] };
    case 'seatbelt':
      return { why: /macOS/.test(why) ? 'seatbelt runs on macOS only.' : why, todo: [] };
    case 'docker':
    case 'podman':
      if (missing) return { why: `The program ${level} is not installed.`, todo: [] };
      if (/No such image|not known|Unable to find image/i.test(why))
        return { why: `The image ${image} is not on this machine.`, todo: [`${level} pull ${image}`] };
      if (/container-init|catatonit/.test(why))
        return {
          why: 'Podman lacks catatonit, which is the first process of its containers.',
          todo: ['Debian, Ubuntu: sudo apt-get install -y catatonit'],
        };
      if (/Cannot connect|is the docker daemon running|connection refused/i.test(why))
        return {
          why: `The ${level} command is there, but its service does not answer.`,
          todo: [level === 'docker' ? 'sudo systemctl start docker' : 'podman machine start'],
        };
      if (/cannot limit/.test(why))
        return {
          why: `Programs in ${level} would run without limits: ${why}.`,
          todo: !/cgroups v2/.test(why)
            ? ['Use bubblewrap, which needs no cgroups: sudo apt-get install -y bubblewrap']
            : [
                `Let users count: printf '[Service]\\nDelegate=cpu memory pids\\n' | sudo install -D -m 644 /dev/stdin /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload, then log in again`,
              ],
        };
      return { why: why.trim().split('\n').at(-1) ?? why, todo: [] };
    case 'none':
      return { why, todo: [] };
  }
}
