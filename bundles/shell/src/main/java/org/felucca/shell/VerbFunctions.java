package org.felucca.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;
import org.felucca.shell.session.Call;
import org.felucca.shell.session.Gogo;
import org.felucca.shell.session.Services;
import org.felucca.shell.verb.Dispatch;
import org.felucca.shell.verb.Entry;
import org.felucca.shell.verb.Verbs;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Publishes the verbs as gogo functions, so that every gogo session has them: {@code felucca:run},
 * {@code run}, and, by the function {@code felucca}, the same words as on the command line.
 */
@Component(service = VerbFunctions.class)
public final class VerbFunctions {
  private final Services services;
  private final List<ServiceRegistration<Function>> registrations = new ArrayList<>();

  /** Publishes them. */
  @Activate
  public VerbFunctions(BundleContext context, @Reference Services services) {
    this.services = services;
    Verbs.all()
        .forEach(
            (name, entry) ->
                publish(context, name, (session, words) -> run(session, name, entry, words)));
    publish(context, Gogo.SCOPE, this::runAny);
  }

  /** Takes them back. */
  @Deactivate
  public void close() {
    registrations.forEach(ServiceRegistration::unregister);
  }

  private void publish(BundleContext context, String name, Function function) {
    registrations.add(
        context.registerService(
            Function.class,
            function,
            FrameworkUtil.asDictionary(
                Map.of(
                    CommandProcessor.COMMAND_SCOPE,
                    Gogo.SCOPE,
                    CommandProcessor.COMMAND_FUNCTION,
                    name))));
  }

  private @Nullable Object run(CommandSession session, String name, Entry entry, List<Object> words)
      throws Exception {
    Call call = Call.of(services, session);
    Dispatch.run(
        call,
        name,
        entry,
        words.stream().map(word -> word == null ? "" : word.toString()).toList());
    call.out().flush();
    return null;
  }

  private @Nullable Object runAny(CommandSession session, List<Object> words) throws Exception {
    String name = words.isEmpty() ? "help" : String.valueOf(words.getFirst());
    Function verb =
        name.equals(Gogo.SCOPE) ? null : Gogo.verb(session, Dispatch.isHelp(name) ? "help" : name);
    if (verb == null) {
      throw Dispatch.unknown("", name, Gogo.verbs(session));
    }
    return verb.execute(session, words.isEmpty() ? words : words.subList(1, words.size()));
  }
}
