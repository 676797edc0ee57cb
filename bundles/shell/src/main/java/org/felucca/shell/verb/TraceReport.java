package org.felucca.shell.verb;

import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.felucca.api.trace.Trace;
import org.felucca.shell.session.Call;
import org.felucca.shell.session.Client;

/** Tells where the time of a verb went, step by step, on standard error. */
final class TraceReport {
  /** The variable in which a client says when it began, in nanoseconds of CLOCK_MONOTONIC. */
  private static final String BEGAN = "FELUCCA_CLIENT_BEGAN";

  private static final String ANSWERED = "answered";
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final double MILLI = 1e6;

  private TraceReport() {}

  /**
   * Does what a verb does, and tells when it and what it left behind are done.
   *
   * @param detached whether what it started goes on: then nothing is waited for
   */
  static void of(Call call, boolean detached, Callable<Boolean> work) throws Exception {
    long parsedAt = System.nanoTime();
    Trace trace = new Trace();
    Client client = call.client();
    if (client != null) {
      trace.add("accepted", client.connectedAt());
      trace.add("words read", client.greetedAt());
    }
    trace.add("options parsed", parsedAt);
    try {
      boolean _ = trace.during(work);
    } finally {
      trace.add(ANSWERED, System.nanoTime());
      Call.uninterrupted(
          () -> {
            boolean complete = trace.await(detached ? Duration.ZERO : PATIENCE);
            print(call.err(), began(call, trace), trace.steps(), complete);
            return true;
          });
    }
  }

  /** When the client began, or else when it was accepted. */
  private static long began(Call call, Trace trace) {
    long first = trace.steps().getFirst().at();
    String said = call.environment(BEGAN);
    try {
      // Both clocks are the kernel's monotonic one.
      long began = said == null ? first : Long.parseLong(said);
      return began - first <= 0 ? began : first;
    } catch (NumberFormatException e) {
      return first;
    }
  }

  private static void print(PrintStream to, long began, List<Trace.Step> steps, boolean complete) {
    to.printf("%9s %9s  %s%n", "at ms", "took ms", "what");
    long before = began;
    boolean answered = false;
    for (Trace.Step step : steps) {
      to.printf(
          "%9.2f %9.2f  %s%s%n",
          (step.at() - began) / MILLI,
          (step.at() - before) / MILLI,
          answered ? "(behind the answer) " : "",
          step.name());
      before = step.at();
      answered |= step.name().equals(ANSWERED);
    }
    if (!complete) {
      to.printf("%9s %9s  more, which is not done yet%n", "", "");
    }
    to.flush();
  }
}
