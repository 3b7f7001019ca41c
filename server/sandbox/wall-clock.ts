/** Time that a script has been running, without the time that it stood frozen. */
export function startWallClock(limitMs: number, onEnd: () => void) {
  let left = limitMs;
  let startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined = setTimeout(onEnd, left);
  return {
    freeze(frozen: boolean) {
      if (frozen && timer) {
        clearTimeout(timer);
        timer = undefined;
        left -= performance.now() - startedAt;
      } else if (!frozen && !timer) {
        startedAt = performance.now();
        timer = setTimeout(onEnd, Math.max(0, left));
      }
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
