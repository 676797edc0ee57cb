package org.felucca.shell;

import java.util.List;
import java.util.Map;
import org.apache.felix.gogo.jline.Converters;
import org.apache.felix.gogo.jline.Posix;
import org.apache.felix.gogo.jline.Procedural;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.Converter;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Publishes what stands behind a pipe and between lines in a shell: {@code ps | grep web}, {@code
 * each}, {@code if}. gogo's own bundle would publish them too, but when it is started it opens a
 * shell on the engine's standard input, so it is not.
 */
@Component(
    service = {},
    immediate = true)
public final class FilterCommands {
  private static final String[] FILTERS = {
    "cat", "clear", "date", "echo", "grep", "head", "less", "sleep", "sort", "tail", "watch", "wc"
  };
  private static final String[] FLOW = {
    "break", "continue", "each", "if", "not", "throw", "try", "until", "while"
  };

  private final List<ServiceRegistration<?>> registrations;

  /** Publishes them. */
  @Activate
  public FilterCommands(BundleContext context, @Reference CommandProcessor processor) {
    registrations =
        List.of(
            publish(context, Posix.class, new LineFilters(processor), FILTERS),
            publish(context, Procedural.class, new Procedural(), FLOW),
            // Lets felix:update and its like take a bundle's number.
            context.registerService(
                Converter.class,
                new Converters(
                    context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).getBundleContext()),
                null));
  }

  /** Takes them back. */
  @Deactivate
  public void close() {
    registrations.forEach(ServiceRegistration::unregister);
  }

  private static <T> ServiceRegistration<T> publish(
      BundleContext context, Class<T> type, T commands, String[] names) {
    return context.registerService(
        type,
        commands,
        FrameworkUtil.asDictionary(
            Map.of(
                CommandProcessor.COMMAND_SCOPE, "gogo", CommandProcessor.COMMAND_FUNCTION, names)));
  }
}
