module paired

go 1.26
