package org.felucca.shell.session;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.felix.gogo.runtime.CommandNotFoundException;
import org.apache.felix.gogo.runtime.CommandSessionImpl;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;
import org.apache.felix.service.command.Function;
import org.apache.felix.service.command.Job;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.shell.view.Similar;
import org.jspecify.annotations.Nullable;

/** What the shell wants of gogo. */
public final class Gogo {
  /** The scope of the verbs, those of other bundles too. */
  public static final String SCOPE = "felucca";

  private static final String PREFIX = SCOPE + ":";
  private static final String SEARCH_PATH = "SCOPE";

  private Gogo() {}

  /**
   * Lets a session find verbs without their scope, and take words such as {@code *} as they are.
   */
  public static void prepare(CommandSession session) {
    session.put(SEARCH_PATH, PREFIX + "*");
    session.put(CommandSession.OPTION_NO_GLOB, true);
  }

  /** The names of all verbs. */
  public static Set<String> verbs(CommandSession session) {
    Set<String> verbs = new TreeSet<>();
    if (session.get(CommandSessionImpl.COMMANDS) instanceof Set<?> commands) {
      for (Object command : commands) {
        String name = String.valueOf(command);
        if (name.startsWith(PREFIX)) {
          verbs.add(name.substring(PREFIX.length()));
        }
      }
    }
    return verbs;
  }

  /** The function of a verb, or null. */
  public static @Nullable Function verb(CommandSession session, String name) {
    return name.indexOf(':') < 0 && session.get(PREFIX + name) instanceof Function found
        ? found
        : null;
  }

  /** Shows what a function has returned, as gogo does. */
  public static void show(CommandSession session, @Nullable Object result) {
    if (result != null) {
      session.getConsole().println(session.format(result, Converter.INSPECT));
    }
  }

  /**
   * Runs a line and shows what it returns.
   *
   * @throws InterruptedException if interrupted; what ran has been interrupted then, and has ended
   */
  public static void execute(CommandSession session, CharSequence line) throws Exception {
    try {
      show(session, session.execute(line));
    } catch (InterruptedException e) {
      interruptJobs(session);
      throw e;
    } catch (CommandNotFoundException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT,
          "%s is no command%s; help lists the verbs"
              .formatted(e.getCommand(), Similar.question(e.getCommand(), verbs(session))),
          e);
    }
  }

  /** Cancels what runs in a session. */
  public static void interruptJobs(CommandSession session) {
    List<Job> jobs = new ArrayList<>(session.jobs());
    jobs.forEach(Job::interrupt);
  }
}
