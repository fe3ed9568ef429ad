import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import maintainkit.client.ApiClient;
import maintainkit.client.ApiException;
import maintainkit.client.ApiResponse;
import maintainkit.client.api.LocationsApi;
import maintainkit.client.api.LocationsApi.APICreateLocationRequest;
import maintainkit.client.api.MovementsApi;
import maintainkit.client.api.MovementsApi.APIListMovementsRequest;
import maintainkit.client.api.MovementsApi.APIRecordMovementRequest;
import maintainkit.client.api.MovementsApi.APIRecordMovementsRequest;
import maintainkit.client.api.PartsApi;
import maintainkit.client.api.PartsApi.APICreatePartRequest;
import maintainkit.client.api.PartsApi.APIGetPartRequest;
import maintainkit.client.api.PartsApi.APIUpdatePartRequest;
import maintainkit.client.api.StockApi;
import maintainkit.client.api.StockApi.APIListStockRequest;
import maintainkit.client.model.*;

/** What an ERP does, through a client generated from the API's document. Prints what it saw as JSON. */
public class ErpFlow {
  static final String SKU = "OIL-15W40";
  static final String STORE = "Almacén Central";
  static final String VAN = "Camioneta de Alice";

  static final ApiClient client = new ApiClient();
  static final ObjectMapper json = client.getObjectMapper();

  public static void main(String[] args) throws Exception {
    client.updateBaseUri(System.getenv("API_ORIGIN"));
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + System.getenv("API_KEY")));
    PartsApi parts = new PartsApi(client);
    Map<String, Object> seen = new LinkedHashMap<>();

    NewPart newPart = new NewPart().sku(SKU).name("Engine oil").unit("L").unitCost(18_500L)
        .description("To be cleared").reorderPoint(BigDecimal.valueOf(4));
    Part part = parts.createPart(APICreatePartRequest.newBuilder().newPart(newPart).build()).getData();
    seen.put("partId", part.getId());
    for (String name : List.of(STORE, VAN)) {
      NewLocation location = new NewLocation().name(name).externalId("ERP-" + name);
      new LocationsApi(client).createLocation(APICreateLocationRequest.newBuilder().newLocation(location).build());
    }
    move(part.getId(), seen);

    StockLevelList stock = new StockApi(client).listStock(APIListStockRequest.newBuilder().sku(SKU).build());
    seen.put("stock", stock.getData().stream()
        .map(level -> List.of(level.getLocation(), level.getOnHand())).collect(Collectors.toList()));
    walkLedger(seen);
    seen.put("refusal", refusalOfTooMuch());
    change(parts, seen);
    System.out.println(new ObjectMapper().writeValueAsString(seen));
  }

  static void move(long partId, Map<String, Object> seen) throws ApiException {
    MovementsApi movements = new MovementsApi(client);
    Receive receive = new Receive().kind(Receive.KindEnum.RECEIVE).sku(new IdOrName(SKU)).location(new IdOrName(STORE))
        .qty(new BigDecimal("20.5")).reference("PO-1").referenceLine("1").externalId("GR-1");
    APIRecordMovementRequest receipt = APIRecordMovementRequest.newBuilder()
        .newMovement(new NewMovement(receive)).idempotencyKey("receipt-1").build();
    seen.put("onHandAfterReceipt", onHandOf(movements.recordMovement(receipt)));
    ApiResponse<RecordMovementAnswer> repeated = movements.recordMovementWithHttpInfo(receipt);
    seen.put("replayed", repeated.getHeaders().get("idempotent-replayed").get(0));

    NewMovementBatch batch = new NewMovementBatch()
        .addMovementsItem(new NewMovement(new Transfer().kind(Transfer.KindEnum.TRANSFER).sku(new IdOrName(SKU))
            .from(new IdOrName(STORE)).to(new IdOrName(VAN)).qty(BigDecimal.valueOf(5)).externalId("TR-1")))
        .addMovementsItem(new NewMovement(new Consume().kind(Consume.KindEnum.CONSUME).sku(new IdOrName(SKU))
            .location(new IdOrName(VAN)).qty(new BigDecimal("1.25")).workOrder("WO-7").externalId("GI-1")))
        .addMovementsItem(new NewMovement(new Count().kind(Count.KindEnum.COUNT).partId(partId)
            .location(new IdOrName(STORE)).target(BigDecimal.valueOf(15)).expectedOnHand(new BigDecimal("15.5"))));
    List<MovementBatchResult> results =
        movements.recordMovements(APIRecordMovementsRequest.newBuilder().newMovementBatch(batch).build()).getData();
    seen.put("batch", results.stream().map(MovementBatchResult::getOnHand).collect(Collectors.toList()));

    Long mistaken = results.get(1).getMovementId();
    Reversal reversal = new Reversal().kind(Reversal.KindEnum.ADJUST).reverses(mistaken).reasonCode("MISTAKE");
    seen.put("mistaken", mistaken);
    seen.put("onHandAfterCorrection", onHandOf(movements.recordMovement(
        APIRecordMovementRequest.newBuilder().newMovement(new NewMovement(reversal)).build())));
  }

  static BigDecimal onHandOf(RecordMovementAnswer answer) {
    return answer.getRecordedMovementAnswer().getData().getOnHand();
  }

  static void walkLedger(Map<String, Object> seen) throws ApiException {
    List<Object> ledger = new ArrayList<>();
    int pages = 0;
    String cursor = null;
    do {
      MovementList page = new MovementsApi(client)
          .listMovements(APIListMovementsRequest.newBuilder().sku(SKU).limit(2).cursor(cursor).build());
      for (Movement row : page.getData()) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("kind", row.getKind());
        shown.put("qtyDelta", row.getQtyDelta());
        shown.put("reverses", row.getReverses());
        ledger.add(shown);
      }
      cursor = page.getNextCursor();
      pages++;
    } while (cursor != null);
    seen.put("pages", pages);
    seen.put("ledger", ledger);
  }

  static List<Object> refusalOfTooMuch() throws Exception {
    Consume tooMuch = new Consume().kind(Consume.KindEnum.CONSUME).sku(new IdOrName(SKU)).location(new IdOrName(VAN))
        .qty(BigDecimal.valueOf(1000));
    try {
      new MovementsApi(client).recordMovement(
          APIRecordMovementRequest.newBuilder().newMovement(new NewMovement(tooMuch)).build());
      return List.of();
    } catch (ApiException refusal) {
      ErrorDetails error = errorOf(refusal);
      return List.of(refusal.getCode(), error.getCode(), error.getMessage());
    }
  }

  static void change(PartsApi parts, Map<String, Object> seen) throws Exception {
    String etag = parts.getPartWithHttpInfo(APIGetPartRequest.newBuilder().id(SKU).build())
        .getHeaders().get("etag").get(0);
    APIUpdatePartRequest change = APIUpdatePartRequest.newBuilder().id(SKU).ifMatch(etag)
        .partPatch(new PartPatch().name("Engine oil 15W-40").description(null)).build();
    Part changed = parts.updatePart(change).getData();
    List<String> shown = new ArrayList<>();
    shown.add(changed.getName());
    shown.add(changed.getDescription());
    seen.put("changed", shown);
    try {
      parts.updatePart(change);
    } catch (ApiException outdated) {
      seen.put("outdated", errorOf(outdated).getCode());
    }
  }

  static ErrorDetails errorOf(ApiException exception) throws Exception {
    return json.readValue(exception.getResponseBody(), ErrorAnswer.class).getError();
  }
}
