// SPDX-License-Identifier: Apache-2.0

/** A line of /proc/self/mounts spells blanks and backslashes in octal. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** The mount point that `path` lies under, if it is mounted noexec; `mounts` is the text of /proc/self/mounts. */
export function noexecMount(mounts: string, path: string): string | undefined {
  let best: { readonly point: string; readonly noexec: boolean } | undefined;
  for (const line of mounts.split('\n')) {
    const [, spelled, , options] = line.split(' ');
    if (spelled === undefined || options === undefined) continue;
    const point = unescape(spelled);
    const under = point === '/' || path === point || path.startsWith(`${point}/`);
    // A later mount on the same point hides an earlier one.
    if (under && point.length >= (best?.point.length ?? 0)) {
      best = { point, noexec: options.split(',').includes('noexec') };
    }
  }
  return best?.noexec === true ? best.point : undefined;
}
