import { readdirSync, readFileSync } from "node:fs";

/** Resident memory in MiB of the workerd processes below a process. Linux only, as is `/proc`: elsewhere it is 0. */
export function workerdMemory(pid: number): number {
  return sumOverWorkerd(pid, residentMebibytes);
}

/** Processor time in ms that they have used: unlike elapsed time it tells little of what else the machine does. Linux only. */
export function workerdCpuTime(pid: number): number {
  return sumOverWorkerd(pid, cpuMilliseconds);
}

function sumOverWorkerd(root: number, measure: (pid: number) => number): number {
  const pids = descendants(root).filter((pid) => readFileSync(`/proc/${pid}/comm`, "utf8") === "workerd\n");
  return pids.reduce((sum, pid) => sum + measure(pid), 0);
}

function descendants(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

function residentMebibytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
}

/** Fields 14 and 15 of `/proc/<pid>/stat` (proc(5)), user and system time in hundredths of a second; the name precedes ") ". */
function cpuMilliseconds(pid: number): number {
  const fields = (readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1] ?? "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
