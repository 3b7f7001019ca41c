/** Stands in every free text that the offline model made. */
export const OFFLINE_MARK = "[offline model]";
