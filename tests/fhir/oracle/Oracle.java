import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.IParser;
import ca.uhn.fhir.parser.LenientErrorHandler;
import ca.uhn.fhir.rest.api.QualifiedParamList;
import ca.uhn.fhir.rest.param.DateRangeParam;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import org.hl7.fhir.instance.model.api.IBaseResource;

/**
 * HAPI's own parser and date parameters, asked one line at a time.
 *
 * parse TAB kind TAB base64(body)         -> ok TAB base64(json) | refused TAB base64(message) | crashed TAB class
 * date TAB base64(value) [TAB base64...]  -> ok TAB low TAB high TAB lowDay TAB highDay | refused TAB base64(message)
 *
 * Bounds are milliseconds since 1970, days are yyyymmdd; "-" where there is none.
 */
public class Oracle {
    private static final FhirContext R4 = FhirContext.forR4();

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        System.setOut(System.err);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] parts = line.split("\t", -1);
            out.println(parts[0].equals("parse") ? parse(parts) : date(parts));
            if (!in.ready()) {
                out.flush();
            }
        }
        out.flush();
    }

    private static String parse(String[] parts) {
        IParser parser = R4.newJsonParser().setParserErrorHandler(new LenientErrorHandler(false));
        try {
            Class<? extends IBaseResource> type = R4.getResourceDefinition(parts[1]).getImplementingClass();
            StringReader body = new StringReader(decode(parts[2]));
            return "ok\t" + encode(parser.encodeResourceToString(parser.parseResource(type, body)));
        } catch (ca.uhn.fhir.parser.DataFormatException refusal) {
            return "refused\t" + encode(refusal.getMessage());
        } catch (Throwable crash) {
            return "crashed\t" + crash.getClass().getSimpleName();
        }
    }

    private static String date(String[] parts) {
        List<QualifiedParamList> values = new ArrayList<>();
        for (int i = 1; i < parts.length; i++) {
            values.add(QualifiedParamList.singleton(null, decode(parts[i])));
        }
        DateRangeParam range = new DateRangeParam();
        try {
            range.setValuesAsQueryTokens(R4, "date", values);
            return "ok\t" + text(range.getLowerBoundAsInstant()) + "\t" + text(range.getUpperBoundAsInstant())
                + "\t" + text(range.getLowerBoundAsDateInteger()) + "\t" + text(range.getUpperBoundAsDateInteger());
        } catch (RuntimeException refusal) {
            return "refused\t" + encode(String.valueOf(refusal.getMessage()));
        }
    }

    private static String text(Object bound) {
        return bound == null ? "-" : bound instanceof Date ? Long.toString(((Date) bound).getTime()) : bound.toString();
    }

    private static String decode(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }

    private static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
