package org.felucca.shell.verb;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.felucca.shell.verb.Entry.Leaf;
import picocli.CommandLine;

/**
 * A verb that is ready to take words. Making the parser of a verb with many options takes longer
 * than all that the parser then does: so one is made for the next call when a call has ended.
 *
 * @param verb serves one call
 * @param line its parser
 */
record Prepared(Verb verb, CommandLine line) {
  /** How many verbs have one ready: those that were used last. */
  private static final int MOST = 6;

  /** A client that has its answer should be gone before this takes the processor. */
  private static final Duration BEHIND_THE_ANSWER = Duration.ofMillis(3);

  private static final Map<String, Prepared> READY =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Prepared> eldest) {
          return size() > MOST;
        }
      };

  private static Prepared make(String path, Leaf leaf) {
    Verb verb = leaf.maker().get();
    return new Prepared(verb, verb.commandLine("felucca " + path, leaf.description()));
  }

  /** One for a call that is nobody else's. */
  static Prepared take(String path, Leaf leaf) {
    Prepared ready;
    synchronized (READY) {
      ready = READY.remove(path);
    }
    return ready == null ? make(path, leaf) : ready;
  }

  /** Makes one for the next call, soon. */
  static void makeNext(String path, Leaf leaf) {
    var _ =
        Thread.ofVirtual()
            .name("felucca-shell-prepare")
            .start(
                () -> {
                  try {
                    Thread.sleep(BEHIND_THE_ANSWER);
                  } catch (InterruptedException e) {
                    return;
                  }
                  synchronized (READY) {
                    if (READY.containsKey(path)) {
                      return;
                    }
                  }
                  Prepared next = make(path, leaf);
                  synchronized (READY) {
                    READY.put(path, next);
                  }
                });
  }
}
