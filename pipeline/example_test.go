package pipeline_test

import (
	"context"
	"fmt"
	"log"

	"csvloom/pipeline"
	"csvloom/readers"
	"csvloom/readers/csv"
	"csvloom/transforms"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// A program that reads a directory, groups it, and receives Arrow records.
func Example() {
	ctx := context.Background()
	set, err := readers.Discover(ctx, []string{"../testdata/orders"}, readers.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close()

	var inputs []csv.Input
	for _, in := range set.Inputs() {
		inputs = append(inputs, csv.Input{Name: in.Name, Open: func(ctx context.Context) (csv.Stream, error) { return in.Open(ctx) }})
	}
	source, err := csv.NewSource(inputs, csv.Options{})
	if err != nil {
		log.Fatal(err)
	}
	steps, err := transforms.Aggregate([]string{"region"}, "count(*) as orders, max(amount) as largest")
	if err != nil {
		log.Fatal(err)
	}
	report, err := pipeline.Run(ctx, pipeline.Plan{
		Source: source,
		Steps:  steps,
		Sink: pipeline.Collect(func(rec arrow.Record) error {
			regions := rec.Column(0).(*array.String)
			orders := rec.Column(1).(*array.Int64)
			largest := rec.Column(2).(*array.Float64)
			for i := range int(rec.NumRows()) {
				fmt.Println(regions.Value(i), orders.Value(i), largest.Value(i))
			}
			return nil
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.RowsIn(), "rows read")
	// Output:
	// east 19 968.78
	// north 23 856.87
	// south 29 970.83
	// west 19 997.13
	// 90 rows read
}
