/** A zone in which it's about noon now, for tests in real time: at night, news that needs nobody waits for the morning. */
export function zoneAtNoon(now = new Date()): string {
  const hours = 12 - now.getUTCHours();
  // In these names, POSIX's signs count to the west.
  return hours === 0 ? "Etc/UTC" : `Etc/GMT${hours > 0 ? "-" : "+"}${Math.abs(hours)}`;
}
